"""What a debt may be: amount rules of the service, causale, names, dates. Limits are refused, never truncated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from contracts.codes import DESCRIPTION_MAX_CHARS, AmountCents, FiscalCode
from contracts.errors import ErrorCode, Refused

NAME_MAX_CHARS: Final = 70
EXTERNAL_ID_MAX_CHARS: Final = 70
EMAIL_MAX_CHARS: Final = 256
INSTALMENTS_MAX: Final = 999
DUE_YEAR_MIN: Final = 2000
DUE_YEAR_MAX: Final = 2099

# stEMail of paForNode.xsd: what the node would not take is refused here.
_EMAIL = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*")


@dataclass(frozen=True)
class AmountRules:
    """A service's rules in cents; None means no rule."""

    min_cents: int | None = None
    max_cents: int | None = None
    unit_cents: int | None = None
    fixed_cents: int | None = None

    def check(self, amount_cents: int) -> int:
        """Return the amount when pagoPA can carry it and the service takes it.

        Raises Refused(AMOUNT_OUT_OF_RANGE), or Refused(AMOUNT_NOT_ALLOWED) with the rule broken in its params.
        """
        AmountCents(amount_cents)
        broken = {
            "min_cents": self.min_cents is not None and amount_cents < self.min_cents,
            "max_cents": self.max_cents is not None and amount_cents > self.max_cents,
            "unit_cents": self.unit_cents is not None and amount_cents % self.unit_cents != 0,
            "fixed_cents": self.fixed_cents is not None and amount_cents != self.fixed_cents,
        }
        params = {rule: getattr(self, rule) for rule, is_broken in broken.items() if is_broken}
        if params:
            raise Refused(ErrorCode.AMOUNT_NOT_ALLOWED, params)
        return amount_cents


@dataclass(frozen=True)
class ServiceRules:
    """What a catalogue service says about debts under it."""

    code: str
    spontaneous: bool = False
    allows_anonymous: bool = False
    requires_beneficiary: bool = False
    accepts_late: bool = True
    amounts: AmountRules = AmountRules()
    shares: tuple[Mapping[str, Any], ...] = ()
    stamp_cents: int | None = None

    def check_stamp(self, stamp: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """Return what a digital stamp is bought for: needed where the service sells one, and nowhere else.

        Raises Refused(STAMP_REQUIRED) or (INVALID_REQUEST).
        """
        if self.stamp_cents and stamp is None:
            raise Refused(ErrorCode.STAMP_REQUIRED)
        if stamp is not None and not self.stamp_cents:
            raise Refused(ErrorCode.INVALID_REQUEST, {"fields": ["stamp"]})
        return stamp

    def payable_until(self, due_date: date | None) -> date | None:
        """Return the last Rome day on which payment is accepted; None where late payment is."""
        return None if self.accepts_late else due_date


@dataclass(frozen=True)
class Debt:
    """The terms of one debt, checked. Two equal ones owe the same thing: putting it again changes nothing."""

    service_code: str
    debtor: Mapping[str, Any]
    description: str
    amount_cents: int
    beneficiary: Mapping[str, str] | None = None
    due_date: date | None = None
    instalment: tuple[int, int] | None = None
    stamp: Mapping[str, str] | None = None


def readable(text: str) -> str:
    """Return the text trimmed, with single spaces.

    Raises Refused(INVALID_REQUEST) for control characters and the like, which neither SOAP nor the database carries.
    """
    text = re.sub(r"[ \t\u00a0]+", " ", text).strip()
    if not text.isprintable():
        raise Refused(ErrorCode.INVALID_REQUEST)
    return text


def checked_description(text: str | None) -> str:
    """Return the causale, 1 to 140 characters."""
    text = readable(text or "")
    if not text:
        raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
    if len(text) > DESCRIPTION_MAX_CHARS:
        raise Refused(ErrorCode.DESCRIPTION_TOO_LONG, {"max": DESCRIPTION_MAX_CHARS, "length": len(text)})
    return text


def checked_name(text: str) -> str:
    """Return a person's or body's name, 1 to 70 characters. Raises Refused(NAME_REQUIRED), (NAME_TOO_LONG)."""
    text = readable(text)
    if not text:
        raise Refused(ErrorCode.NAME_REQUIRED)
    if len(text) > NAME_MAX_CHARS:
        raise Refused(ErrorCode.NAME_TOO_LONG, {"max": NAME_MAX_CHARS, "length": len(text)})
    return text


def checked_external_id(text: str) -> str:
    """Return the body's own reference, 1 to 70 characters."""
    text = readable(text)
    if not 0 < len(text) <= EXTERNAL_ID_MAX_CHARS:
        raise Refused(ErrorCode.INVALID_REQUEST, {"max": EXTERNAL_ID_MAX_CHARS, "length": len(text)})
    return text


def checked_email(text: str | None) -> str | None:
    """Return the address, or None for an empty one. Raises Refused(INVALID_REQUEST)."""
    text = (text or "").strip()
    if text and (len(text) > EMAIL_MAX_CHARS or not _EMAIL.fullmatch(text)):
        raise Refused(ErrorCode.INVALID_REQUEST)
    return text or None


def checked_due_date(day: date | None) -> date | None:
    """Return a due date of this century; a slip of the keyboard (0206, 20266) is refused."""
    if day is not None and not DUE_YEAR_MIN <= day.year <= DUE_YEAR_MAX:
        raise Refused(ErrorCode.INVALID_DATE)
    return day


def plan_references(external_id: str | None, instalment: tuple[int, int] | None) -> tuple[str, ...]:
    """Return the body's references of all instalments of a plan, the first first; none where there is no plan.

    A plan is known by its references: each ends in a hyphen and the instalment's number, and the rest is the same
    (`RETTA-2627-00001-5` is the fifth of seven, `RETTA-2627-00001-1` to `-7`).
    """
    if external_id is None or instalment is None:
        return ()
    number, total = instalment
    stem, separator, ending = external_id.rpartition("-")
    if not stem or not separator or ending != str(number):
        return ()
    return tuple(f"{stem}-{other}" for other in range(1, total + 1))


def checked_instalment(number: int | None, total: int | None) -> tuple[int, int] | None:
    """Return (number, total) of an instalment, both or neither."""
    if number is None and total is None:
        return None
    if number is None or total is None or not 1 <= number <= total <= INSTALMENTS_MAX:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return number, total


def subject(fiscal_code: str, full_name: str, email: str | None = None) -> dict[str, Any]:
    """Return the Subject a body named by fiscal code (as typed) and name."""
    code = FiscalCode.typed(fiscal_code)
    return {
        "entity_type": code.entity_type,
        "fiscal_code": code,
        "full_name": checked_name(full_name),
        "email": checked_email(email),
    }


def checked_beneficiary(beneficiary: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the four fields readable. Raises Refused(BENEFICIARY_REQUIRED) when one of them is blank."""
    if beneficiary is None:
        return None
    names = ("full_name", "course", "school", "contribution_type")
    read = {name: readable(beneficiary[name]) for name in names}
    if not all(read.values()):
        raise Refused(ErrorCode.BENEFICIARY_REQUIRED, {"fields": [name for name in names if not read[name]]})
    return read


def description_of(beneficiary: Mapping[str, str] | None, typed: str | None) -> str:
    """Return the causale of an insertion: composed where there is a beneficiary, else as typed."""
    return composed_description(beneficiary) if beneficiary else checked_description(typed)


def composed_description(beneficiary: Mapping[str, str]) -> str:
    """Compose the causale from the beneficiary: what for, who, which course, where."""
    parts = (beneficiary[name] for name in ("contribution_type", "full_name", "course", "school"))
    return checked_description(" - ".join(parts))
