"""What a document says: the renderer's whole input, artwork included. Same content, same bytes, same hash."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from contracts.codes import NoticeNumber


@dataclass(frozen=True)
class Artwork:
    """A logo: `media_type` image/svg+xml or image/jpeg, and the file's bytes in base64."""

    media_type: str
    content_base64: str


@dataclass(frozen=True)
class LogoFile:
    """A logo as somebody put it into a folder, to be made an Artwork of."""

    kind: ClassVar = "logo"
    path: str


class UnusableLogo(Exception):
    """The file is no logo that can be drawn; its text says why."""


@dataclass(frozen=True)
class Artworks:
    """The two logos of a page; None: pagoPA's is drawn, the entity's place stays empty."""

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
class DatedAmount:
    """An amount and the days on which it is asked for, as contracts.amounts.AmountPeriod has them."""

    amount_cents: int
    since: date | None = None
    until: date | None = None
    grows: bool = False
    reduced_days: int | None = None


@dataclass(frozen=True)
class Payment:
    """One thing payable: what both codes encode. `instalment` is its number among several, else None.

    `amounts`: where it changes with the days, what is asked for from today on.
    """

    notice_number: NoticeNumber
    amount_cents: int
    due_date: date | None
    instalment: int | None
    amounts: tuple[DatedAmount, ...] = ()


@dataclass(frozen=True)
class PostalAccount:
    """The entity's postal account; `authorisation` is Poste Italiane's, as it must stand on the slip."""

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
    With `penalty` the two instalments are the amounts of a penalty, only one of which is to be paid: the reduced one
    within 5 days of notification, the full one within 60.
    """

    kind: ClassVar = "notice"

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
    penalty: bool = False

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Everything payable with this notice, in the order printed."""
        return ((self.payment,) if self.payment else ()) + self.instalments


@dataclass(frozen=True)
class Share:
    """One transfer of a payment that went to several, or to several accounts."""

    amount_cents: int
    fiscal_code: str | None
    payee: str | None


@dataclass(frozen=True)
class PaidReceipt:
    """One receipt of the node. `paid_at` in Europe/Rome; amounts in cents; `shares` only where there are several.

    `missing_cents`: what is still missing of its practice, on the last receipt of one for which less came than is due.
    `subject`, `beneficiary` and `debtor` where the document holds several practices and they are this receipt's own.
    """

    receipt_id: str
    notice_number: NoticeNumber
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
    missing_cents: int | None = None
    subject: str | None = None
    beneficiary: str | None = None
    debtor: Party | None = None


@dataclass(frozen=True)
class ReceiptContent:
    """A quietanza: every receipt of one practice, or of the practices of one cart, oldest first."""

    kind: ClassVar = "receipt"

    language: str
    subject: str
    payee: Payee
    debtor: Party
    beneficiary: str | None
    receipts: tuple[PaidReceipt, ...]
    artworks: Artworks
    verification: Verification | None = None


@dataclass(frozen=True)
class FlowRow:
    """A row of a settlement flow: one transfer. `finding` is None while nobody has looked at it."""

    iuv: str
    iur: str
    index: int | None
    outcome: int
    finding: str | None
    amount_cents: int


@dataclass(frozen=True)
class Flow:
    """A settlement flow (FdR), its rows, and what the bank credited under its id."""

    flow_id: str
    sender: str
    regulation_id: str
    rows: tuple[FlowRow, ...]
    total_cents: int
    credited_cents: int
    credit_reference: str | None
    reconciled: bool


@dataclass(frozen=True)
class DayReportContent:
    """The reconciliation of a day of settlement of an entity. `made_at` in Europe/Rome."""

    kind: ClassVar = "day_report"

    language: str
    entity_name: str
    entity_fiscal_code: str
    day: date
    made_at: datetime
    flows: tuple[Flow, ...]
    total_cents: int
    credited_cents: int

    def by_finding(self) -> Iterator[tuple[str | None, int, int]]:
        """Yield every finding with how many rows turned out so and what they amount to."""
        rows = [row for flow in self.flows for row in flow.rows]
        for finding in sorted({row.finding for row in rows}, key=str):
            amounts_cents = [row.amount_cents for row in rows if row.finding == finding]
            yield finding, len(amounts_cents), sum(amounts_cents)


@dataclass(frozen=True)
class SummarisedPayment:
    """One payment in the summary of a year. `paid_on` in Europe/Rome; `stamp_cents` is the revenue stamp in it."""

    paid_on: date
    service: str
    description: str
    beneficiary: str | None
    iuv: str
    receipt_id: str
    amount_cents: int
    stamp_cents: int | None


@dataclass(frozen=True)
class YearSummaryContent:
    """What a debtor paid an entity in a year, in the order in which it was paid. `made_at` in Europe/Rome."""

    kind: ClassVar = "year_summary"

    language: str
    entity_name: str
    entity_fiscal_code: str
    debtor: Party
    year: int
    made_at: datetime
    payments: tuple[SummarisedPayment, ...]

    @property
    def total_cents(self) -> int:
        """All of it together."""
        return sum(one.amount_cents for one in self.payments)


VerifiableContent = NoticeContent | ReceiptContent
Content = VerifiableContent | DayReportContent | YearSummaryContent
