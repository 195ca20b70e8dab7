"""The operators of an entity: listed, given other roles, removed, named."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc.audit import AuditPage, AuditRequest
from contracts.rpc.operators import (
    ChangeRolesRequest,
    Colleagues,
    OfficeRequest,
    OperatorNames,
    OperatorNamesRequest,
    RemoveOperatorRequest,
    actor_of,
)
from contracts.rpc.operators import Operator as OperatorShown
from contracts.shapes import Empty
from services.identity.models import AuditEntry, Operator
from services.identity.operators import repository
from services.identity.operators.domain import operator_rules
from services.identity.operators.usecases import sessions
from services.identity.operators.views import invitation_view, name_view, operator_view
from services.identity.settings import Settings

ROLES_CHANGED = "people.change_roles"
REMOVED = "people.remove"


def show(database: Database, settings: Settings, request: OfficeRequest, now: datetime) -> Colleagues:
    """Return who works in the office, who did, and who is invited. Raises as `sessions.acting` does."""
    with database.reading() as session:
        sessions.acting(session, settings, request, Operation.READ_PEOPLE, now)
        people = repository.operators(session, request.entity_code)
        invited = repository.invitations(session, request.entity_code, now)
    return Colleagues(
        operators=[operator_view(row) for row in people], invitations=[invitation_view(row) for row in invited]
    )


def change_roles(database: Database, settings: Settings, request: ChangeRolesRequest, now: datetime) -> OperatorShown:
    """Give an operator other roles; they count from their next request on.

    Raises Refused: those of `sessions.acting`, NOT_FOUND, CHANGED_MEANWHILE, LAST_ADMINISTRATOR, INVALID_REQUEST.
    """
    grants = operator_rules.checked_grants(request.grants)
    with database.transaction() as tx:
        people = repository.locked_operators(tx.session, request.entity_code)
        asking = sessions.acting(tx.session, settings, request, Operation.WRITE_PEOPLE, now)
        changed = _as_shown(tx, people, request.operator_id, request.version)
        before, after = changed.grants, repository.stored_grants(grants)
        if after == before:
            return operator_view(changed)
        changed.grants, changed.version = after, changed.version + 1
        _check_administrator(people.values())
        change = Change(
            entity_code=request.entity_code,
            actor=actor_of(name_view(asking)),
            operation=ROLES_CHANGED,
            subject=str(changed.id),
            before={"grants": before},
            after={"grants": after},
        )
        entries.append(tx, change, now)
        return operator_view(changed)


def remove(database: Database, settings: Settings, request: RemoveOperatorRequest, now: datetime) -> Empty:
    """End an operator's work for the entity, and all their office sessions with it.

    Who works for another entity too logs in again there. Raises as `change_roles` does.
    """
    with database.transaction() as tx:
        people = repository.locked_operators(tx.session, request.entity_code)
        asking = sessions.acting(tx.session, settings, request, Operation.WRITE_PEOPLE, now)
        removed = _as_shown(tx, people, request.operator_id, request.version)
        removed.removed_at, removed.version = now, removed.version + 1
        _check_administrator(row for row in people.values() if row.id != removed.id)
        repository.end_sessions_of(tx.session, removed.fiscal_code, now)
        change = Change(
            entity_code=request.entity_code,
            actor=actor_of(name_view(asking)),
            operation=REMOVED,
            subject=str(removed.id),
            before={"grants": removed.grants},
        )
        entries.append(tx, change, now)
    return Empty()


def names(database: Database, request: OperatorNamesRequest) -> OperatorNames:
    """Return who operators are, by id, also those removed: for the audit."""
    with database.reading() as session:
        rows = repository.named(session, request.entity_code, request.operator_ids)
    return OperatorNames(operators=[name_view(row) for row in rows])


def audit(database: Database, request: AuditRequest) -> AuditPage:
    """Return a page of the audit of people; who may read it, the gateway has asked."""
    with database.reading() as session:
        return entries.page(session, AuditEntry, request)


def _as_shown(tx: Tx, people: dict[UUID, Operator], operator_id: UUID, version: int) -> Operator:
    found = people.get(operator_id)
    if found is None:
        raise Refused(ErrorCode.NOT_FOUND)
    if found.version != version:
        raise Refused(ErrorCode.CHANGED_MEANWHILE, _changed(tx, found))
    return found


def _changed(tx: Tx, found: Operator) -> ChangedMeanwhile:
    last = entries.last_of(tx.session, AuditEntry, found.entity_code, str(found.id))
    if last is None:
        return ChangedMeanwhile(version=found.version)
    return ChangedMeanwhile(
        version=found.version,
        actor_kind=last.actor.kind,
        actor_id=last.actor.id,
        operation=last.operation,
        at=last.at,
        fields=sorted({*last.before, *last.after}),
    )


def _check_administrator(left: Iterable[Operator]) -> None:
    """Raise Refused(LAST_ADMINISTRATOR) where nobody is left who could invite anybody."""
    if not operator_rules.has_administrator(repository.grants_of(row.grants) for row in left):
        raise Refused(ErrorCode.LAST_ADMINISTRATOR)
