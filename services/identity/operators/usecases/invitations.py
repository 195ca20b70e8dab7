"""Invitations into an office: made for one fiscal code, sent to an address, accepted once by that person alone.

The link in a mail proves that somebody reads the mailbox, and SPID or CIE who it is. Only both together let in: a mail
that went astray, was forwarded or read by somebody else opens nothing, and nobody has to confirm afterwards.
"""

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.actors import Actor
from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.roles import Grant, Operation, Role
from contracts.rpc.operators import (
    AcceptInvitationRequest,
    InvitationRequest,
    InvitationTerms,
    InvitationToken,
    InviteRequest,
    WithdrawInvitationRequest,
    actor_of,
)
from contracts.rpc.operators import Operator as OperatorShown
from contracts.shapes import Empty
from services.identity.models import Operator, OperatorInvitation
from services.identity.operators import repository
from services.identity.operators.domain import operator_rules
from services.identity.operators.sign_in import digest
from services.identity.operators.usecases import sessions
from services.identity.operators.views import invitation_view, name_view, operator_view
from services.identity.settings import Settings

INVITED = "people.invite"
WITHDRAWN = "people.withdraw_invitation"
ACCEPTED = "people.accept_invitation"


def invite(database: Database, settings: Settings, request: InviteRequest, now: datetime) -> InvitationToken:
    """Invite a person, in the place of an open invitation of the same; return the link's secret part, told this once.

    Raises Refused: those of `sessions.acting`, INVALID_FISCAL_CODE, INVALID_REQUEST, ALREADY_AN_OPERATOR.
    """
    email, person = operator_rules.checked_email(request.email), operator_rules.checked_person(request.fiscal_code)
    grants = operator_rules.checked_grants(request.grants)
    with database.transaction() as tx:
        operator = sessions.acting(tx.session, settings, request, Operation.WRITE_PEOPLE, now)
        row, token = _made(tx, request.entity_code, email, person, grants, operator.id, now)
        _note(tx, actor_of(name_view(operator)), INVITED, row, now, after={"grants": row.grants})
        return InvitationToken(invitation=invitation_view(row), invitation_token=token)


def invite_administrator(database: Database, entity_code: str, email: str, fiscal_code: str, now: datetime) -> str:
    """Invite an administrator of an entity, by whoever runs the portal; return the link's secret part.

    Raises Refused(INVALID_FISCAL_CODE), (INVALID_REQUEST), (ALREADY_AN_OPERATOR).
    """
    address, person = operator_rules.checked_email(email), operator_rules.checked_person(fiscal_code)
    grants = [Grant(role=Role.AMMINISTRATORE.value)]
    with database.transaction() as tx:
        row, token = _made(tx, entity_code, address, person, grants, None, now)
        command = Actor(kind="command", id="invite-administrator")
        _note(tx, command, INVITED, row, now, after={"grants": row.grants})
    return token


def terms(database: Database, request: InvitationRequest, now: datetime) -> InvitationTerms:
    """Return what one is invited to. Raises Refused(INVITATION_INVALID)."""
    with database.transaction() as tx:
        row = _open(tx, request.invitation_token, now)
        grants = repository.grants_of(row.grants)
        return InvitationTerms(entity_code=row.entity_code, grants=grants, expires_at=row.expires_at)


def accept(database: Database, request: AcceptInvitationRequest, now: datetime) -> OperatorShown:
    """Make who is logged in an operator, where the invitation is theirs.

    Raises Refused(SESSION_EXPIRED), (INVITATION_INVALID), (INVITATION_OF_ANOTHER), (ALREADY_AN_OPERATOR).
    """
    with database.transaction() as tx:
        person = sessions.live(tx.session, request.office_token, now)
        invited = _open(tx, request.invitation_token, now)
        if invited.fiscal_code != person.fiscal_code:
            raise Refused(ErrorCode.INVITATION_OF_ANOTHER)
        _check_no_operator(tx, invited.entity_code, FiscalCode(person.fiscal_code))
        operator = Operator(
            id=uuid4(),
            entity_code=invited.entity_code,
            fiscal_code=person.fiscal_code,
            name=person.name,
            family_name=person.family_name,
            email=invited.email,
            grants=invited.grants,
            version=1,
            created_at=now,
        )
        invited.accepted_at = now
        tx.session.add(operator)
        tx.session.flush()
        change = Change(
            entity_code=operator.entity_code,
            actor=actor_of(name_view(operator)),
            operation=ACCEPTED,
            subject=str(operator.id),
            after={"grants": operator.grants, "invitation": str(invited.id)},
        )
        entries.append(tx, change, now)
        return operator_view(operator)


def withdraw(database: Database, settings: Settings, request: WithdrawInvitationRequest, now: datetime) -> Empty:
    """Make an invitation void; one that is over is void enough. Raises as `sessions.acting` does."""
    with database.transaction() as tx:
        operator = sessions.acting(tx.session, settings, request, Operation.WRITE_PEOPLE, now)
        if repository.withdraw_one(tx.session, request.entity_code, request.invitation_id, now):
            change = Change(
                entity_code=request.entity_code,
                actor=actor_of(name_view(operator)),
                operation=WITHDRAWN,
                subject=str(request.invitation_id),
            )
            entries.append(tx, change, now)
    return Empty()


def _made(
    tx: Tx,
    entity_code: str,
    email: str,
    person: FiscalCode,
    grants: list[Grant],
    invited_by: UUID | None,
    now: datetime,
) -> tuple[OperatorInvitation, str]:
    _check_no_operator(tx, entity_code, person)
    repository.withdraw_of_person(tx.session, entity_code, person, now)
    token = secrets.token_urlsafe(32)
    row = OperatorInvitation(
        id=uuid4(),
        entity_code=entity_code,
        fiscal_code=person,
        email=email,
        grants=repository.stored_grants(grants),
        token_sha256=digest(token),
        invited_by=invited_by,
        created_at=now,
        expires_at=now + operator_rules.INVITATION_LIFETIME,
    )
    tx.session.add(row)
    tx.session.flush()
    return row, token


def _check_no_operator(tx: Tx, entity_code: str, person: FiscalCode) -> None:
    if repository.operator_of(tx.session, entity_code, person) is not None:
        raise Refused(ErrorCode.ALREADY_AN_OPERATOR)


def _open(tx: Tx, token: str, now: datetime) -> OperatorInvitation:
    found = repository.open_invitation(tx.session, digest(token), now)
    if found is None:
        raise Refused(ErrorCode.INVITATION_INVALID)
    return found


def _note(
    tx: Tx, actor: Actor, operation: str, row: OperatorInvitation, now: datetime, *, after: dict[str, object]
) -> None:
    """Append to the audit; who is invited stands in the invitation, and in the audit once it is accepted."""
    change = Change(entity_code=row.entity_code, actor=actor, operation=operation, subject=str(row.id), after=after)
    entries.append(tx, change, now)
