"""Changes of the audit as operators read them: who, when, what, from what to what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.error_details import ChangedMeanwhile
from contracts.errors import RpcError
from contracts.rpc import operators
from contracts.rpc.audit import AuditEntry
from gateway.office.desk import Desk
from gateway.office.words import FIELDS, OPERATIONS, ROLES
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import Visit
from gateway.web.case_states import CASE_STATES
from gateway.web.formats import filters_of
from gateway.web.states import STATES

_NAMES_AT_ONCE = 500
_NOBODY = _("nessuno")
_NONE = _("nessuna")
_LOOKS = {"state": STATES, "case_state": CASE_STATES}
_YES = _("sì")
_NO = _("no")
_PAYER = _("chi ha pagato")
_UNKNOWN = _("persona non più nota")
_COMMAND = _("gestore del portale")
_SOFTWARE = _("gestionale")


@dataclass(frozen=True)
class FieldChange:
    """A field by its name, and what it was and is, in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeRow:
    """An entry of the audit as it is shown."""

    number: int
    at: datetime
    who: str
    what: str
    operation: str
    subject: str
    reason: str | None
    fields: Sequence[FieldChange]
    sha256: str


@dataclass(frozen=True)
class ChangeTold:
    """Who changed what meanwhile, for the second of two: names in the reader's language."""

    who: str
    what: str
    at: datetime | None
    fields: str


def rows_of(visit: Visit, desk: Desk, entries: Sequence[AuditEntry]) -> list[ChangeRow]:
    """Return entries with the names of who made them."""
    names = _names(visit, desk, (one.actor.id for one in entries if one.actor.kind == "operator"))
    return [_row(visit.language, one, names) for one in entries]


def told(visit: Visit, desk: Desk, change: ChangedMeanwhile) -> ChangeTold:
    """Return who changed what, as the second of two operators is told."""
    if change.actor_id is None or change.actor_kind is None:
        return ChangeTold(who="", what="", at=None, fields="")
    names = _names(visit, desk, [change.actor_id] if change.actor_kind == "operator" else [])
    language = visit.language
    return ChangeTold(
        who=_who(language, change.actor_kind, change.actor_id, names),
        what=translate(language, OPERATIONS.get(change.operation or "", change.operation or "")),
        at=change.at,
        fields=", ".join(translate(language, FIELDS.get(name, name)) for name in change.fields or ()),
    )


def _row(language: str, entry: AuditEntry, names: Mapping[str, str]) -> ChangeRow:
    changed = [name for name in FIELDS if name in entry.before or name in entry.after]
    return ChangeRow(
        number=entry.number,
        at=entry.at,
        who=_who(language, entry.actor.kind, entry.actor.id, names),
        what=translate(language, OPERATIONS.get(entry.operation, entry.operation)),
        operation=entry.operation,
        subject=entry.subject,
        reason=entry.reason,
        fields=[
            FieldChange(
                translate(language, FIELDS[name]),
                _value(language, name, entry.before.get(name)),
                _value(language, name, entry.after.get(name)),
            )
            for name in changed
        ],
        sha256=entry.sha256,
    )


def _who(language: str, kind: str, actor_id: str, names: Mapping[str, str]) -> str:
    if kind == "operator":
        return names.get(actor_id) or translate(language, _UNKNOWN)
    if kind == "citizen":
        return translate(language, _PAYER)
    return translate(language, _COMMAND) if kind == "command" else f"{translate(language, _SOFTWARE)} {actor_id}"


def _value(language: str, name: str, value: Any) -> str:
    filters = filters_of(language)
    if name == "grants":
        return ", ".join(_grant(language, one) for one in value or ()) or translate(language, _NOBODY)
    if value is None:
        return translate(language, _NONE)
    if name in ("amount_cents", "refund_cents"):
        return filters["euro"](value)
    if name == "second_person":
        return translate(language, _YES if value else _NO)
    if name == "due_date":
        return filters["day"](date.fromisoformat(value))
    look = _LOOKS[name].get(value) if name in _LOOKS else None
    return translate(language, look.label) if look else str(value)


def _grant(language: str, grant: Mapping[str, str]) -> str:
    role = grant.get("role", "")
    name = translate(language, ROLES[role].name) if role in ROLES else role
    return f"{name} ({grant['service_code']})" if grant.get("service_code") else name


def _names(visit: Visit, desk: Desk, actor_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of operators by id; without identity the rest of the page is there all the same."""
    ids = [UUID(one) for one in sorted(set(actor_ids))][:_NAMES_AT_ONCE]
    if not ids:
        return {}
    request = operators.OperatorNamesRequest(entity_code=desk.entity.code, operator_ids=ids)
    try:
        found = visit.call(operators.OPERATOR_NAMES, request).operators
    except RpcError:
        return {}
    return {str(one.id): f"{one.name} {one.family_name}" for one in found}
