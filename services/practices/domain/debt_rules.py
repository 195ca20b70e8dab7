"""What a debt may be: amount rules of the service, causale, names, dates. Limits are refused, never truncated."""

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from contracts.codes import DESCRIPTION_MAX_CHARS, NAME_MAX_CHARS, AmountCents, FiscalCode, is_email
from contracts.error_details import AmountNotAllowed, InvalidRequest, MissingFields, TooLong
from contracts.errors import ErrorCode, Refused
from contracts.shapes import Beneficiary, Instalment, Stamp, Subject
from services.practices.domain.transfers import Share

EXTERNAL_ID_MAX_CHARS: Final = 70
INSTALMENTS_MAX: Final = 999
DUE_YEAR_MIN: Final = 2000
DUE_YEAR_MAX: Final = 2099


@dataclass(frozen=True)
class AmountRules:
    """A service's rules in cents; None means no rule."""

    min_cents: int | None = None
    max_cents: int | None = None
    unit_cents: int | None = None
    fixed_cents: int | None = None

    def check(self, amount_cents: int) -> AmountCents:
        """Return the amount when pagoPA can carry it and the service takes it.

        Raises Refused(AMOUNT_OUT_OF_RANGE), or Refused(AMOUNT_NOT_ALLOWED) with the rules broken.
        """
        amount = AmountCents(amount_cents)
        broken = {
            "min_cents": self.min_cents is not None and amount < self.min_cents,
            "max_cents": self.max_cents is not None and amount > self.max_cents,
            "unit_cents": self.unit_cents is not None and amount % self.unit_cents != 0,
            "fixed_cents": self.fixed_cents is not None and amount != self.fixed_cents,
        }
        rules = {rule: getattr(self, rule) for rule, is_broken in broken.items() if is_broken}
        if rules:
            raise Refused(ErrorCode.AMOUNT_NOT_ALLOWED, AmountNotAllowed(**rules))
        return amount


@dataclass(frozen=True)
class ServiceRules:
    """What a catalogue service says about debts under it."""

    code: str
    spontaneous: bool = False
    allows_anonymous: bool = False
    requires_beneficiary: bool = False
    accepts_late: bool = True
    amounts: AmountRules = AmountRules()
    shares: tuple[Share, ...] = ()
    stamp_cents: int | None = None

    def check_stamp(self, stamp: Stamp | None) -> Stamp | None:
        """Return what a digital stamp is bought for: needed where the service sells one, and nowhere else.

        Raises Refused(STAMP_REQUIRED) or (INVALID_REQUEST).
        """
        if self.stamp_cents and stamp is None:
            raise Refused(ErrorCode.STAMP_REQUIRED)
        if stamp is not None and not self.stamp_cents:
            raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["stamp"]))
        return stamp

    def payable_until(self, due_date: date | None) -> date | None:
        """Return the last Rome day on which payment is accepted; None where late payment is."""
        return None if self.accepts_late else due_date


def readable(text: str) -> str:
    """Return the text trimmed, with single spaces.

    Raises Refused(INVALID_REQUEST) for control characters and the like, which neither SOAP nor the database carries.
    """
    text = re.sub(r"[ \t\u00a0]+", " ", text).strip()
    if not text.isprintable():
        raise Refused(ErrorCode.INVALID_REQUEST)
    return text


def checked_description(text: str | None) -> str:
    """Return the causale, 1 to 140 characters. Raises Refused(DESCRIPTION_REQUIRED), (DESCRIPTION_TOO_LONG)."""
    text = readable(text or "")
    if not text:
        raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
    if len(text) > DESCRIPTION_MAX_CHARS:
        raise Refused(ErrorCode.DESCRIPTION_TOO_LONG, TooLong(max=DESCRIPTION_MAX_CHARS, length=len(text)))
    return text


def checked_name(text: str) -> str:
    """Return the name of a debtor, 1 to 70 characters. Raises Refused(NAME_REQUIRED), (NAME_TOO_LONG)."""
    text = readable(text)
    if not text:
        raise Refused(ErrorCode.NAME_REQUIRED)
    if len(text) > NAME_MAX_CHARS:
        raise Refused(ErrorCode.NAME_TOO_LONG, TooLong(max=NAME_MAX_CHARS, length=len(text)))
    return text


def checked_external_id(text: str) -> str:
    """Return the entity's own reference, 1 to 70 characters. Raises Refused(INVALID_REQUEST)."""
    text = readable(text)
    if not 0 < len(text) <= EXTERNAL_ID_MAX_CHARS:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(max=EXTERNAL_ID_MAX_CHARS, length=len(text)))
    return text


def checked_email(text: str | None) -> str | None:
    """Return the address, or None for an empty one. Raises Refused(INVALID_REQUEST) where the node would."""
    text = (text or "").strip()
    if text and not is_email(text):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return text or None


def checked_due_date(day: date | None) -> date | None:
    """Return a due date of this century. Raises Refused(INVALID_DATE): a slip of the keyboard (0206) is refused."""
    if day is not None and not DUE_YEAR_MIN <= day.year <= DUE_YEAR_MAX:
        raise Refused(ErrorCode.INVALID_DATE)
    return day


def checked_instalment(number: int | None, total: int | None) -> Instalment | None:
    """Return an instalment of its number and total, both or neither. Raises Refused(INVALID_REQUEST)."""
    if number is None and total is None:
        return None
    if number is None or total is None or not 1 <= number <= total <= INSTALMENTS_MAX:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return Instalment(number=number, total=total)


def subject(fiscal_code: str, full_name: str, email: str | None = None) -> Subject:
    """Return the debtor an entity named by fiscal code (as typed) and name. Raises Refused."""
    code = FiscalCode.typed(fiscal_code)
    return Subject(
        entity_type=code.entity_type,
        fiscal_code=code,
        full_name=checked_name(full_name),
        email=checked_email(email),
    )


def checked_beneficiary(beneficiary: Beneficiary | None) -> Beneficiary | None:
    """Return the four fields readable. Raises Refused(BENEFICIARY_REQUIRED) when one of them is blank."""
    if beneficiary is None:
        return None
    read = {one.name: readable(getattr(beneficiary, one.name)) for one in fields(beneficiary)}
    blank = [name for name, text in read.items() if not text]
    if blank:
        raise Refused(ErrorCode.BENEFICIARY_REQUIRED, MissingFields(fields=blank))
    return Beneficiary(**read)


def description_of(beneficiary: Beneficiary | None, typed: str | None) -> str:
    """Return the causale of an insertion: composed where there is a beneficiary, else as typed."""
    return composed_description(beneficiary) if beneficiary else checked_description(typed)


def composed_description(beneficiary: Beneficiary) -> str:
    """Compose the causale from the beneficiary: what for, who, which course, where."""
    parts = (beneficiary.contribution_type, beneficiary.full_name, beneficiary.course, beneficiary.school)
    return checked_description(" - ".join(parts))
