"""What a document says: the renderer's whole input, artwork included. Same content, same bytes, same hash."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ROME: Final = ZoneInfo("Europe/Rome")


@dataclass(frozen=True)
class Artwork:
    """A logo: `media_type` image/svg+xml or image/jpeg, and the file's bytes in base64."""

    media_type: str
    content_base64: str


@dataclass(frozen=True)
class Artworks:
    """The two logos of a page; None: pagoPA's is drawn, the body's place stays empty."""

    pagopa: Artwork | None = None
    entity: Artwork | None = None


@dataclass(frozen=True)
class Payee:
    """Ente Creditore as printed. `has_website`: the online line names it."""

    fiscal_code: str
    name: str
    office: str | None
    info: str | None
    cbill: str | None
    has_website: bool


@dataclass(frozen=True)
class Party:
    """Debtor, payer or beneficiary; `fiscal_code` None where there is none to print."""

    fiscal_code: str | None
    full_name: str
    address: tuple[str, ...] = ()


@dataclass(frozen=True)
class Payment:
    """One thing payable: what both codes encode. `instalment` is its number among several, else None."""

    notice_number: str
    amount_cents: int
    due_date: date | None
    instalment: int | None


@dataclass(frozen=True)
class PostalAccount:
    """The body's postal account; `authorisation` is Poste Italiane's, as it must stand on the slip."""

    number: str
    holder: str
    authorisation: str | None


@dataclass(frozen=True)
class Verification:
    """What lets anybody check that a document is genuine: its short code, and the page that answers for it."""

    code: str
    link: str


@dataclass(frozen=True)
class NoticeContent:
    """An avviso di pagamento: one `payment`, or two and more `instalments`, or the choice between both.

    With `postal` each of them has its postal slip. `second_language`: the fixed texts also in that one, in grey.
    """

    language: str
    subject: str
    payee: Payee
    recipient: Party
    payment: Payment | None
    postal: PostalAccount | None
    artworks: Artworks
    instalments: tuple[Payment, ...] = ()
    second_language: str | None = None
    verification: Verification | None = None

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Everything payable with this notice, in the order printed."""
        return ((self.payment,) if self.payment else ()) + self.instalments


@dataclass(frozen=True)
class Share:
    """One transfer of a payment that went to several, or to several accounts."""

    amount_cents: int
    fiscal_code: str
    payee: str | None


@dataclass(frozen=True)
class PaidReceipt:
    """One receipt of the node. `paid_at` in Europe/Rome; amounts in cents; `shares` only where there are several.

    `subject`, `beneficiary` and `debtor` where the document holds several practices and they are this receipt's own.
    """

    receipt_id: str
    notice_number: str
    iuv: str
    amount_cents: int
    fee_cents: int | None
    psp: str
    payment_method: str | None
    paid_at: datetime
    application_date: date | None
    payer: Party | None
    duplicate: bool
    shares: tuple[Share, ...] = ()
    subject: str | None = None
    beneficiary: str | None = None
    debtor: Party | None = None


@dataclass(frozen=True)
class ReceiptContent:
    """A quietanza: every receipt of one practice, or of the practices of one cart, oldest first."""

    language: str
    subject: str
    payee: Payee
    debtor: Party
    beneficiary: str | None
    receipts: tuple[PaidReceipt, ...]
    artworks: Artworks
    verification: Verification | None = None


Content = NoticeContent | ReceiptContent
