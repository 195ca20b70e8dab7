"""The values of the fields that a service has of its own: checked, and put into a causale."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.codes import DESCRIPTION_MAX_CHARS
from contracts.error_details import ExtraFieldNotAllowed, InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.extra_fields import ExtraField, ExtraKind, ExtraProblem, ExtraValue, WrongExtraError, read_extra
from contracts.shapes import LocalisedText
from services.practices.domain.debt_rules import check_not_mangled, readable

_BETWEEN: Final = " - "


def checked_extras(fields: Sequence[ExtraField], typed: Mapping[str, str], *, is_inserted: bool) -> dict[str, str]:
    """Return the values that are there, each as it is written, in the order of the fields.

    `is_inserted`: by who pays, who must fill in what is required. Raises Refused(EXTRA_FIELD_NOT_ALLOWED) with the
    field and what is wrong, (INVALID_REQUEST) for fields that the service does not have, (SPREADSHEET_VALUE).
    """
    if not typed.keys() <= {one.name for one in fields}:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(fields=["extras"]))
    values = {one.name: _checked(one, readable(typed.get(one.name, "")), is_inserted=is_inserted) for one in fields}
    return {name: value for name, value in values.items() if value}


def _checked(asked: ExtraField, text: str, *, is_inserted: bool) -> str:
    if not text:
        if asked.required and is_inserted:
            raise _refused(asked, ExtraProblem.REQUIRED)
        return ""
    try:
        return read_extra(asked, check_not_mangled(text))
    except WrongExtraError as wrong:
        raise _refused(asked, wrong.problem) from None


def _refused(asked: ExtraField, problem: ExtraProblem) -> Refused:
    return Refused(ErrorCode.EXTRA_FIELD_NOT_ALLOWED, ExtraFieldNotAllowed(field=asked.name, problem=problem))


def composed_description(title: str, fields: Sequence[ExtraField], values: Mapping[str, str]) -> str:
    """Compose a causale of a service's title and what was filled in, as far as there is room for whole values.

    Fiscal codes stay out of it: a causale goes through more hands than the practice.
    """
    composed = title.strip()[:DESCRIPTION_MAX_CHARS]
    for one in fields:
        value = values.get(one.name)
        if value is None or one.kind == ExtraKind.FISCAL_CODE:
            continue
        longer = f"{composed}{_BETWEEN}{_title_of(one, value) or value}"
        if len(longer) <= DESCRIPTION_MAX_CHARS:
            composed = longer
    return composed


def shown_extras(fields: Sequence[ExtraField], values: Mapping[str, str]) -> list[ExtraValue]:
    """Return values as they are shown, in the order of the fields; a field that is gone is called by its name."""
    known = {one.name: one for one in fields}
    names = [*(name for name in known if name in values), *(name for name in values if name not in known)]
    return [_shown(known.get(name), name, values[name]) for name in names]


def _shown(asked: ExtraField | None, name: str, value: str) -> ExtraValue:
    if asked is None:
        return ExtraValue(name=name, kind=ExtraKind.TEXT, label=LocalisedText(it=name, en=name), value=value)
    title = next((choice.title for choice in asked.choices if choice.value == value), None)
    return ExtraValue(name=name, kind=asked.kind, label=asked.label, value=value, title=title)


def _title_of(asked: ExtraField, value: str) -> str | None:
    return next((choice.title.it for choice in asked.choices if choice.value == value), None)
