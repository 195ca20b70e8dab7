"""What is to stand in pagoPA's archive of notices (ACA), and which call brings it there.

pagopa-obligations.md sections 1.3, 1.4 and 1.10. A position is read when it is sent, never before: what changed ten
times is sent once. Which calls there are depends on two things only, what we wish and what pagoPA has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Final

from contracts import amounts
from contracts.calendar import NO_DUE_DATE, ROME
from contracts.codes import DESCRIPTION_MAX_CHARS, NAME_MAX_CHARS, is_email
from contracts.events.practices import PAID_ELSEWHERE
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import Creditor, Subject, Transfer
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus

_LAST_SECOND: Final = time(23, 59, 59)
_COMPANY_MAX_CHARS: Final = 140
_STAMP_TYPE: Final = "01"

# A position as GPD-for-ACA takes it (PaymentPositionModel).
Body = dict[str, Any]


class Remote(StrEnum):
    """What pagoPA has of a position, as far as we know."""

    ABSENT = "absent"
    # PUBLISHED or VALID: it stands there.
    OPEN = "open"
    # Its due date has passed, and it cannot be paid there any more.
    EXPIRED = "expired"
    # Withdrawn in such a way that it may come back.
    DRAFT = "draft"
    # For ever: the number is burnt.
    INVALID = "invalid"
    PAID = "paid"
    # A call went out and what became of it is not known.
    UNKNOWN = "unknown"
    # Creating was refused because the id or the number is there already: ours from before, or somebody else's.
    CLAIMED = "claimed"


class Wish(StrEnum):
    """What we want pagoPA to have of a position."""

    OPEN = "open"
    # Not there, though it may come back.
    AWAY = "away"
    # Not there, for ever.
    ENDED = "ended"
    # Paid by other channels than pagoPA's.
    CLOSED = "closed"
    # As it is: paid through pagoPA, which knows, or expired there by itself.
    LEFT = "left"


class Call(StrEnum):
    """The one call that is next."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    WITHDRAW = "withdraw"
    INVALIDATE = "invalidate"
    CLOSE = "close"
    # Ask what is there.
    LOOK = "look"
    # The number can never be used again: the entity needs a new notice.
    BURNT = "burnt"


_CALLS: Final[Mapping[tuple[Wish, Remote], Call]] = {
    (Wish.OPEN, Remote.ABSENT): Call.CREATE,
    (Wish.OPEN, Remote.OPEN): Call.UPDATE,
    (Wish.OPEN, Remote.DRAFT): Call.UPDATE,
    (Wish.OPEN, Remote.EXPIRED): Call.UPDATE,
    (Wish.OPEN, Remote.INVALID): Call.BURNT,
    (Wish.AWAY, Remote.OPEN): Call.WITHDRAW,
    (Wish.ENDED, Remote.OPEN): Call.INVALIDATE,
    (Wish.CLOSED, Remote.OPEN): Call.CLOSE,
    (Wish.CLOSED, Remote.DRAFT): Call.CLOSE,
    (Wish.CLOSED, Remote.EXPIRED): Call.CLOSE,
    (Wish.OPEN, Remote.UNKNOWN): Call.LOOK,
    (Wish.AWAY, Remote.UNKNOWN): Call.LOOK,
    (Wish.ENDED, Remote.UNKNOWN): Call.LOOK,
    (Wish.CLOSED, Remote.UNKNOWN): Call.CLOSE,
    (Wish.OPEN, Remote.CLAIMED): Call.LOOK,
    (Wish.AWAY, Remote.CLAIMED): Call.LOOK,
    (Wish.ENDED, Remote.CLAIMED): Call.LOOK,
    (Wish.CLOSED, Remote.CLAIMED): Call.LOOK,
}


def next_call(wish: Wish, remote: Remote, *, is_same: bool) -> Call:
    """Return what to do. `is_same`: what pagoPA has says what we would say, so nothing needs to be sent."""
    call = _CALLS.get((wish, remote), Call.NONE)
    return Call.NONE if is_same and call is Call.UPDATE and remote is Remote.OPEN else call


@dataclass(frozen=True, slots=True, kw_only=True)
class Archivable:
    """A position and how the archive may take it. `sent_due_at` is the due date pagoPA was told last."""

    position: Position
    archive: ArchiveTerms | None
    creditor: Creditor
    sent_due_at: datetime | None = None

    def wish(self, now: datetime) -> Wish:
        """Return what pagoPA should have of it now."""
        position, terms = self.position, self.position.terms
        if position.paid_receipt_id is not None:
            return Wish.LEFT
        if position.status is PositionStatus.CANCELLED:
            return Wish.CLOSED if position.status_reason == PAID_ELSEWHERE else Wish.ENDED
        if terms is None or self.archive is None:
            return Wish.AWAY
        if position.status is PositionStatus.EXPIRED or self._is_over(terms, now):
            # It expires there by itself, unless pagoPA was told of a later day.
            return Wish.AWAY if self.sent_due_at is not None and self.sent_due_at > now else Wish.LEFT
        return Wish.OPEN

    def _is_over(self, terms: PaymentTerms, now: datetime) -> bool:
        expires = self.archive is not None and self.archive.switch_to_expired
        return self.position.is_expired_at(now) or (expires and due_at(terms.due_date) <= now)

    def _due_at(self) -> datetime:
        """Return the due date of the notice: the printed one, but for a notice that expires there by it."""
        terms = self.position.terms
        if terms is None:
            return due_at(None)
        expires = self.archive is not None and self.archive.switch_to_expired
        return due_at(terms.due_date if expires else amounts.printed_date(terms.due_date, terms.schedule))

    def told_due_at(self, now: datetime) -> datetime:
        """Return the due date to send: pagoPA takes none that has passed, though it may still be paid."""
        due = self._due_at()
        return due if due > now else due_at(now.astimezone(ROME).date())

    def amount_until(self, now: datetime) -> date | None:
        """Return the last day on which the amount of now holds; None where it does not change."""
        terms = self.position.terms
        return amounts.amount_at(terms.asked_amount, now).until if terms else None

    def content(self, now: datetime) -> Body:
        """Return what the archive is to say, its due date as the notice has it: the same position, the same content.

        With the amount of today, which is another one on another day.
        """
        terms, archive = self.position.terms, self.archive or ArchiveTerms()
        if terms is None:
            raise ValueError("a position without terms has no content")
        return {
            "iupd": iupd_of(self.position),
            **_debtor(terms.debtor),
            "payStandIn": archive.pay_stand_in,
            "switchToExpired": archive.switch_to_expired,
            "companyName": self.creditor.company_name[:_COMPANY_MAX_CHARS],
            **_optional("officeName", self.creditor.office_name, _COMPANY_MAX_CHARS),
            "paymentOption": [_option(self.position, terms.at(now), self._due_at())],
        }

    def body(self, now: datetime) -> Body:
        """Return the content with the due date that pagoPA takes now."""
        body = self.content(now)
        body["paymentOption"] = [{**body["paymentOption"][0], "dueDate": instant(self.told_due_at(now))}]
        return body


def iupd_of(position: Position) -> str:
    """Return our id of a position in the archive: the creditor, the entity, the IUV. Never used for another one."""
    return f"{position.creditor_fiscal_code}-{position.entity_code}-{position.iuv}"


def due_at(day: date | None) -> datetime:
    """Return the last second of a day in Rome, in UTC; a far one where there is no due date."""
    return datetime.combine(day or NO_DUE_DATE, _LAST_SECOND, ROME).astimezone(UTC)


def instant(moment: datetime) -> str:
    """Write a moment as pagoPA compares it: in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _option(position: Position, terms: PaymentTerms, due: datetime) -> Body:
    return {
        "nav": str(position.notice_number),
        "iuv": str(position.iuv),
        "amount": int(terms.amount_cents),
        "description": terms.shown_description[:DESCRIPTION_MAX_CHARS],
        "isPartialPayment": False,
        "dueDate": instant(due),
        "paymentOptionMetadata": [],
        "transfer": [_transfer(transfer, terms.shown_description) for transfer in terms.transfers],
    }


def _transfer(transfer: Transfer, description: str) -> Body:
    body: Body = {
        "idTransfer": str(transfer.id_transfer),
        "amount": int(transfer.amount_cents),
        "organizationFiscalCode": str(transfer.fiscal_code),
        "remittanceInformation": description[:DESCRIPTION_MAX_CHARS],
        "category": transfer.category,
        "companyName": transfer.company_name[:_COMPANY_MAX_CHARS],
        "transferMetadata": [],
    }
    if transfer.stamp is not None:
        stamp = transfer.stamp
        asked = {"hashDocument": stamp.document_hash, "stampType": _STAMP_TYPE, "provincialResidence": stamp.province}
        return {**body, "stamp": asked}
    postal = {"postalIban": transfer.postal_iban} if transfer.postal_iban else {}
    return {**body, "iban": transfer.iban, **postal}


def _debtor(debtor: Subject) -> Body:
    return {
        "type": debtor.entity_type,
        "fiscalCode": debtor.fiscal_code,
        "fullName": debtor.full_name[:NAME_MAX_CHARS] or "NA",
        **_optional("streetName", debtor.street_name, 70),
        **_optional("civicNumber", debtor.civic_number, 16),
        **_optional("postalCode", debtor.postal_code, 16),
        **_optional("city", debtor.city, 35),
        **_optional("province", debtor.province, 35),
        **_optional("country", debtor.country, 2),
        **({"email": debtor.email} if debtor.email and is_email(debtor.email) else {}),
    }


def _optional(name: str, value: str | None, max_chars: int) -> Body:
    return {name: value[:max_chars]} if value else {}
