"""What a debt may be: amount rules of the service, causale, names, dates. Limits are refused, never truncated."""

import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

from contracts.amounts import AmountSchedule, ToldAmounts
from contracts.calendar import DUE_YEAR_MAX, DUE_YEAR_MIN, due_day
from contracts.codes import (
    ANONYMOUS_FISCAL_CODE,
    DESCRIPTION_MAX_CHARS,
    INSTALMENTS_MAX,
    JOINERS,
    NAME_MAX_CHARS,
    OPTION_MAX_CHARS,
    AmountCents,
    FiscalCode,
    is_email,
)
from contracts.error_details import AmountNotAllowed, InvalidRequest, MissingFields, ScheduleNotAllowed, TooLong
from contracts.errors import ErrorCode, Refused
from contracts.extra_fields import ExtraField
from contracts.shapes import Beneficiary, Instalment, Stamp, Subject
from services.practices.domain.amount_questions import AmountQuestion
from services.practices.domain.debt import PLAN_BY_REFERENCE
from services.practices.domain.transfers import Share

EMAIL_LEFT_OUT: Final = "email_left_out"
NOTICE_NUMBER_LEFT_OUT: Final = "notice_number_left_out"
EXTERNAL_ID_MAX_CHARS: Final = 70
# What nobody sees and everybody copies: soft hyphens, zero-width spaces and joiners, marks of direction, variation and
# byte order. A joiner after the sign that takes a letter's vowel away is spelling, in India's alphabets and Sinhala.
_VIRAMAS: Final = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_INVISIBLE: Final = re.compile(
    f"(?<![{_VIRAMAS}])[{JOINERS}]"
    "|[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202c\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
_WITHOUT_JOINERS: Final = str.maketrans("", "", JOINERS)
# Among them what only looks like one: the fillers of Korean, the empty cell of Braille.
_SPACES: Final = re.compile(r"(?:[^\S\r\n\v\f\x1c-\x1f\x85\u2028\u2029]|[\u115f\u1160\u2800\u3164\uffa0])+")
# 1,23457E+11: a number with more digits than a spreadsheet shows or keeps; they are gone.
_SCIENTIFIC: Final = re.compile(r"[+-]?(\d+[.,]\d+E[+-]?\d{1,3}|\d+E[+-]\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class AmountRules:
    """A service's rules in cents; None means no rule."""

    min_cents: int | None = None
    max_cents: int | None = None
    unit_cents: int | None = None
    fixed_cents: int | None = None
    choices_cents: tuple[int, ...] | None = None

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
            "choices_cents": self.choices_cents is not None and amount not in self.choices_cents,
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
    schedule: AmountSchedule | None = None
    title: str = ""
    takes_beneficiary: bool = True
    extra_fields: tuple[ExtraField, ...] = ()
    payers: tuple[str, ...] = ()
    question: AmountQuestion | None = None

    def check_stamp(self, stamp: Stamp | None) -> Stamp | None:
        """Return what a digital stamp is bought for: needed where the service sells one, and nowhere else.

        Raises Refused(STAMP_REQUIRED) or (INVALID_REQUEST).
        """
        if self.stamp_cents and stamp is None:
            raise Refused(ErrorCode.STAMP_REQUIRED)
        if stamp is not None and not self.stamp_cents:
            raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["stamp"]))
        return stamp

    def check_payer(self, payer: Subject) -> None:
        """Raise Refused(PAYER_NOT_ALLOWED) where the service is only for persons, or only for companies and bodies."""
        kind = "company" if payer.entity_type == "G" else "person"
        if self.payers and kind not in self.payers:
            raise Refused(ErrorCode.PAYER_NOT_ALLOWED)

    def checked_debtor_code(self, typed: str) -> str:
        """Return a debtor's fiscal code as typed, or ANONIMO for who has none, where the service takes them.

        Raises Refused(INVALID_FISCAL_CODE), (SPREADSHEET_VALUE), (ANONYMOUS_NOT_ALLOWED).
        """
        code = check_not_mangled(typed).strip().upper()
        if code not in {"", ANONYMOUS_FISCAL_CODE}:
            return FiscalCode.typed(code)
        if not self.allows_anonymous:
            raise Refused(ErrorCode.ANONYMOUS_NOT_ALLOWED)
        return ANONYMOUS_FISCAL_CODE

    def checked_schedule(
        self, schedule: AmountSchedule | None, amount_cents: int, due_date: date | None
    ) -> AmountSchedule | None:
        """Return how an amount changes with the days; None for a schedule that says nothing.

        A debt without a schedule has the service's, where that fits it: one without a due date has no day to add from.

        The other entities' shares stay as they are, so what changes is ours, and something of ours is left.
        Where the entity's software says the amount, nothing of it is left to say but the printed date.
        Raises Refused(SCHEDULE_NOT_ALLOWED) with the field, (INVALID_DATE).
        """
        if self.question is not None:
            return self._said_by_software(schedule, self.question)
        if schedule is None and self.schedule is not None:
            fits = self._wrong_field(self.schedule, amount_cents, due_date) is None
            return self.schedule if fits else None
        if schedule is not None:
            schedule = replace(schedule, printed_date=due_day(schedule.printed_date))
        if schedule is None or schedule == AmountSchedule():
            return None
        for day in (schedule.notified_on, schedule.valid_until, schedule.printed_date):
            checked_due_date(day)
        wrong = self._wrong_field(schedule, amount_cents, due_date)
        if wrong is not None:
            raise Refused(ErrorCode.SCHEDULE_NOT_ALLOWED, ScheduleNotAllowed(field=wrong))
        return schedule

    def _said_by_software(self, schedule: AmountSchedule | None, question: AmountQuestion) -> AmountSchedule:
        said = schedule or AmountSchedule()
        for one in fields(said):
            if one.name != "printed_date" and getattr(said, one.name) is not None:
                raise Refused(ErrorCode.SCHEDULE_NOT_ALLOWED, ScheduleNotAllowed(field=one.name))
        printed_date = checked_due_date(said.printed_date)
        return AmountSchedule(printed_date=printed_date, told=ToldAmounts(use_last_known=question.use_last_known))

    def _wrong_field(self, schedule: AmountSchedule, amount_cents: int, due_date: date | None) -> str | None:
        if schedule.told is not None:
            return "told"
        others_cents = sum(share.amount_cents for share in self.shares)
        is_raised = schedule.surcharge_cents is not None or schedule.interest_basis_points is not None
        reduced_cents = schedule.reduced_cents
        if reduced_cents is not None and not others_cents < reduced_cents < amount_cents:
            return "reduced_cents"
        if (reduced_cents is None) != (schedule.reduced_days is None):
            return "reduced_days"
        if schedule.notified_on is not None and reduced_cents is None:
            return "notified_on"
        if is_raised and amount_cents <= others_cents:
            return "interest_basis_points" if schedule.surcharge_cents is None else "surcharge_cents"
        has_no_day = is_raised and schedule.valid_until is None and due_date is None
        return "valid_until" if has_no_day else None

    def payable_until(self, due_date: date | None) -> date | None:
        """Return the last Rome day on which payment is accepted; None where late payment is."""
        return None if self.accepts_late else due_date


def without_invisible(text: str) -> str:
    """Return the text without the characters that nobody sees."""
    return _INVISIBLE.sub("", text)


def readable(text: str) -> str:
    """Return the text trimmed, composed (NFC), with single spaces and without invisible characters.

    Raises Refused(INVALID_REQUEST) for control characters and the like, which neither SOAP nor the database carries.
    """
    if text.isascii() and text.isprintable() and "  " not in text:  # most are, and need no more
        return text.strip()
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", without_invisible(text)).strip())
    if not text.translate(_WITHOUT_JOINERS).isprintable():
        raise Refused(ErrorCode.INVALID_REQUEST)
    return text


def is_mangled(text: str) -> bool:
    """Return whether a spreadsheet took a text for a number, and shortened it."""
    return _SCIENTIFIC.fullmatch(text.strip()) is not None


def check_not_mangled(code: str) -> str:
    """Return a code as it stands. Raises Refused(SPREADSHEET_VALUE) where a spreadsheet took it for a number."""
    if is_mangled(code):
        raise Refused(ErrorCode.SPREADSHEET_VALUE)
    return code


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
    """Return the entity's own reference, 1 to 70 characters. Raises Refused(INVALID_REQUEST), (SPREADSHEET_VALUE)."""
    text = check_not_mangled(readable(text))
    if not 0 < len(text) <= EXTERNAL_ID_MAX_CHARS:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(max=EXTERNAL_ID_MAX_CHARS, length=len(text)))
    return text


def usable_email(text: str | None) -> str | None:
    """Return the address where the node would take it, else None: a debt is good without it."""
    text = (text or "").strip()
    return text if is_email(text) else None


def checked_due_date(day: date | None) -> date | None:
    """Return a due date of this century, None where it stands for none (31 December 2099).

    Raises Refused(INVALID_DATE): a slip of the keyboard (0206) is refused.
    """
    if day is not None and not DUE_YEAR_MIN <= day.year <= DUE_YEAR_MAX:
        raise Refused(ErrorCode.INVALID_DATE)
    return due_day(day)


def checked_instalment(number: int | None, total: int | None) -> Instalment | None:
    """Return an instalment of its number and total, both or neither. Raises Refused(INVALID_REQUEST)."""
    if number is None and total is None:
        return None
    if number is None or total is None or not 1 <= number <= total <= INSTALMENTS_MAX:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return Instalment(number=number, total=total)


def checked_option(debt_position: str | None, option: str | None) -> tuple[str | None, str | None]:
    """Return a debt position's reference and which option of it; both or neither.

    Raises Refused(INVALID_REQUEST), (SPREADSHEET_VALUE): debts of two people would become ways of paying the same.
    """
    position = check_not_mangled(readable(debt_position or "")) or None
    option = check_not_mangled(readable(option or "")) or None
    if (position is None) != (option is None):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="option" if option is None else "debt_position"))
    if position is not None and (len(position) > EXTERNAL_ID_MAX_CHARS or position.endswith(PLAN_BY_REFERENCE)):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="debt_position", max=EXTERNAL_ID_MAX_CHARS))
    if option is not None and len(option) > OPTION_MAX_CHARS:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="option", max=OPTION_MAX_CHARS))
    return position, option


def subject(fiscal_code: str, full_name: str, email: str | None = None) -> Subject:
    """Return the debtor of a code and a name that were checked; a code of 11 digits is a body's."""
    return Subject(
        entity_type="G" if len(fiscal_code) == 11 else "F",
        fiscal_code=fiscal_code,
        full_name=full_name,
        email=email,
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
