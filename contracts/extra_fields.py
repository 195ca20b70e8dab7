"""What a service asks for beside the fields that every practice has, and how each is read: typed, with its own checks.

A value is stored and sent as a text in one way of writing: a number with a dot, a day as 2026-12-31, codes in capitals
without spaces. One function reads what people type, in forms and in files.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from marshmallow.validate import Length, OneOf, Range, Regexp

from contracts.codes import NAME_MAX_CHARS, FiscalCode
from contracts.errors import Refused
from contracts.message import Message
from contracts.shapes import LocalisedText

EXTRA_FIELDS_MAX: Final = 12
EXTRA_DECIMALS_MAX: Final = 3
EXTRA_CHOICES_MAX: Final = 50
_NAME: Final = r"^[a-z][a-z0-9_]{0,34}$"
_LIMIT: Final = r"^(-?[0-9]{1,12}(\.[0-9]{1,3})?|[0-9]{4}-[0-9]{2}-[0-9]{2})$"
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,3})?")
_DAY_FIRST: Final = re.compile(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4})")
_YEAR_FIRST: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_YEARS: Final = range(1900, 2100)
_PLATE: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{4,10}")
# Of Italian cars since 1994: letters that look like digits are not among them.
_CAR_PLATE: Final = re.compile(r"[A-Z]{2}[0-9]{3}[A-Z]{2}")
_NO_PLATE_LETTERS: Final = frozenset("IOQU")
_METER: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{4,20}")
# What the meter of electricity is called everywhere in Italy (POD).
_DELIVERY_POINT: Final = re.compile(r"IT[0-9]{3}E[0-9A-Z]{8,9}")
_LOOKS_LIKE_DELIVERY_POINT: Final = re.compile(r"IT[0-9]{3}.*")


class ExtraKind(StrEnum):
    """What a value is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    FISCAL_CODE = "fiscal_code"
    PLATE = "plate"
    METER = "meter"


class ExtraProblem(StrEnum):
    """What is wrong with a value."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    OTHER_SHAPE = "other_shape"
    NOT_A_NUMBER = "not_a_number"
    TOO_MANY_DECIMALS = "too_many_decimals"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NOT_A_DATE = "not_a_date"
    NOT_A_CHOICE = "not_a_choice"
    NOT_A_FISCAL_CODE = "not_a_fiscal_code"
    NOT_A_PLATE = "not_a_plate"
    NOT_A_METER = "not_a_meter"


EXTRA_KINDS: Final = tuple(kind.value for kind in ExtraKind)
EXTRA_PROBLEMS: Final = tuple(problem.value for problem in ExtraProblem)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraChoice(Message):
    """One of the values that a field has, and how it is shown."""

    value: Annotated[str, Regexp(r"^[A-Za-z0-9_-]{1,35}$")]
    title: LocalisedText


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraField(Message):
    """A field that a service has of its own. `name`: its column in debt files, and its key in the API.

    `required`: of whoever inserts a practice; debts that the entity issues may go without. Of a text `max_chars` and
    `shape` (A is a letter, 9 a digit, the rest stands as it is), of a number `decimals`, of numbers and days `least`
    and `most` (with a dot, as 2026-12-31), of a choice `choices`.
    """

    name: Annotated[str, Regexp(_NAME)]
    kind: Annotated[str, OneOf(EXTRA_KINDS)]
    label: LocalisedText
    help: LocalisedText | None = None
    required: bool = False
    max_chars: Annotated[int, Range(1, NAME_MAX_CHARS)] = NAME_MAX_CHARS
    shape: Annotated[str, Length(1, NAME_MAX_CHARS)] | None = None
    decimals: Annotated[int, Range(0, EXTRA_DECIMALS_MAX)] = 0
    least: Annotated[str, Regexp(_LIMIT)] | None = None
    most: Annotated[str, Regexp(_LIMIT)] | None = None
    choices: Annotated[Sequence[ExtraChoice], Length(max=EXTRA_CHOICES_MAX)] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraValue(Message):
    """A value as it is shown: what it is called, and of a choice its title; `kind` says how to write it."""

    name: str
    kind: Annotated[str, OneOf(EXTRA_KINDS)]
    label: LocalisedText
    value: str
    title: LocalisedText | None = None


class WrongExtraError(ValueError):
    """A value that a field does not take, and why."""

    def __init__(self, problem: ExtraProblem) -> None:
        self.problem = problem
        super().__init__(problem.value)


def read_extra(asked: ExtraField, typed: str) -> str:
    """Return a value, which is not empty, in the one way it is written. Raises WrongExtraError."""
    match ExtraKind(asked.kind):
        case ExtraKind.NUMBER:
            return _number(asked, typed)
        case ExtraKind.DATE:
            return _day(asked, typed)
        case ExtraKind.CHOICE:
            return _choice(asked, typed)
        case ExtraKind.FISCAL_CODE:
            return _fiscal_code(typed)
        case ExtraKind.PLATE:
            return _plate(_in_capitals(typed))
        case ExtraKind.METER:
            return _meter(_in_capitals(typed))
        case ExtraKind.TEXT:
            return _text(asked, typed)


def shape_of(text: str) -> str:
    """Return what a text looks like: letters as A, digits as 9, the rest as it is."""
    return "".join("9" if one.isdigit() else "A" if one.isalpha() else one for one in text)


def limit_fits(kind: ExtraKind, limit: str) -> bool:
    """Return whether a limit is one of a number, or of a day, as the kind needs."""
    if kind is ExtraKind.NUMBER:
        return _NUMBER.fullmatch(limit) is not None
    return kind is ExtraKind.DATE and _read_day(limit) is not None


def _text(asked: ExtraField, typed: str) -> str:
    if len(typed) > asked.max_chars:
        raise WrongExtraError(ExtraProblem.TOO_LONG)
    if asked.shape is not None and shape_of(typed) != shape_of(asked.shape):
        raise WrongExtraError(ExtraProblem.OTHER_SHAPE)
    return typed


def _number(asked: ExtraField, typed: str) -> str:
    compact = typed.replace(" ", "")
    if not _NUMBER.fullmatch(compact):
        raise WrongExtraError(ExtraProblem.NOT_A_NUMBER)
    number = Decimal(compact.replace(",", "."))
    if -int(number.as_tuple().exponent) > asked.decimals:
        raise WrongExtraError(ExtraProblem.TOO_MANY_DECIMALS)
    if asked.least is not None and number < Decimal(asked.least):
        raise WrongExtraError(ExtraProblem.TOO_SMALL)
    if asked.most is not None and number > Decimal(asked.most):
        raise WrongExtraError(ExtraProblem.TOO_LARGE)
    return f"{number:f}"


def _day(asked: ExtraField, typed: str) -> str:
    day = _read_day(typed.replace(" ", ""))
    if day is None:
        raise WrongExtraError(ExtraProblem.NOT_A_DATE)
    if asked.least is not None and day < date.fromisoformat(asked.least):
        raise WrongExtraError(ExtraProblem.TOO_SMALL)
    if asked.most is not None and day > date.fromisoformat(asked.most):
        raise WrongExtraError(ExtraProblem.TOO_LARGE)
    return day.isoformat()


def _read_day(text: str) -> date | None:
    found = _YEAR_FIRST.fullmatch(text) or _DAY_FIRST.fullmatch(text)
    if found is None or int(found["year"]) not in _YEARS:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def _choice(asked: ExtraField, typed: str) -> str:
    folded = typed.casefold()
    for choice in asked.choices:
        if folded in (choice.value.casefold(), choice.title.it.casefold(), choice.title.en.casefold()):
            return choice.value
    raise WrongExtraError(ExtraProblem.NOT_A_CHOICE)


def _fiscal_code(typed: str) -> str:
    try:
        return FiscalCode.typed(typed)
    except Refused:
        raise WrongExtraError(ExtraProblem.NOT_A_FISCAL_CODE) from None


def _plate(compact: str) -> str:
    has_wrong_letters = _CAR_PLATE.fullmatch(compact) and _NO_PLATE_LETTERS & set(compact)
    if not _PLATE.fullmatch(compact) or has_wrong_letters:
        raise WrongExtraError(ExtraProblem.NOT_A_PLATE)
    return compact


def _meter(compact: str) -> str:
    is_wrong_point = _LOOKS_LIKE_DELIVERY_POINT.fullmatch(compact) and not _DELIVERY_POINT.fullmatch(compact)
    if not _METER.fullmatch(compact) or is_wrong_point:
        raise WrongExtraError(ExtraProblem.NOT_A_METER)
    return compact


def _in_capitals(typed: str) -> str:
    return re.sub(r"[\s.-]", "", typed).upper()
