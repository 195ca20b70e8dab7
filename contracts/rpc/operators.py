"""What identity answers about the people of an entity's office: their login, who they are, invitations, roles.

Tokens travel in requests and replies only; identity stores their SHA-256.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message
from contracts.roles import Grant
from contracts.rpc.identity import FinishLoginRequest, StartLogin
from contracts.shapes import Empty

GRANTS_MAX = 50
_Token = Annotated[str, Length(1, 128)]
_EntityCode = Annotated[str, Length(1, 35)]
_Grants = Annotated[Sequence[Grant], Length(1, GRANTS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOfficeLoginRequest(Message):
    """As StartLoginRequest, for the office of `entity_code`: level 2 at least, whatever the citizen's pages want.

    `office_token`: of the office session this browser has now; the login ends it.
    """

    idp: str
    entity_code: _EntityCode
    return_to: str
    browser_token: str
    office_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishOfficeLogin(Message):
    """The new office session's token and where to go. `ended_sessions`: as in FinishLogin.

    Refused(LOGIN_REFUSED) as for citizens; Refused(NOT_AN_OPERATOR) for who works in no office and is invited to none.
    """

    office_token: str
    return_to: str
    entity_code: str | None = None
    ended_sessions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTokenRequest(Message):
    """By the token of an office session. Refused(SESSION_EXPIRED) when it is unknown, idle too long, old or ended."""

    office_token: _Token


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRequest(OfficeTokenRequest):
    """In the office of an entity.

    Refused(NOT_FOUND) where who logged in is no operator of it; Refused(SPID_LEVEL_TOO_LOW), (LOGIN_REQUIRED) where the
    entity wants a higher level or a login of its own.
    """

    entity_code: _EntityCode


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorName(Message):
    """An operator as the audit names them; `removed`: works there no more."""

    id: UUID
    name: str
    family_name: str
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator(OperatorName):
    """A person of an entity's office. `version` grows with each change of the roles."""

    entity_code: str
    email: str
    grants: Sequence[Grant]
    version: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSession(Message):
    """A live session in the office of an entity."""

    operator: Operator
    spid_level: Annotated[int, Range(1, 3)]
    idle_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePerson(Message):
    """Who logged in, operator of something or only invited; `entity_codes`: of which offices."""

    name: str
    family_name: str
    entity_codes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation(Message):
    """An invitation that nobody has accepted yet. The fiscal code of who may is told to nobody."""

    id: UUID
    entity_code: str
    email: str
    grants: Sequence[Grant]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleagues(Message):
    """The operators of an entity by name, those removed last, and the invitations that are open."""

    operators: Sequence[Operator]
    invitations: Sequence[Invitation]


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteRequest(OfficeRequest):
    """Invite a person: only who logs in with this fiscal code can accept. An open one of the same person is replaced.

    Refused(ROLE_MISSING), (INVALID_FISCAL_CODE), (ALREADY_AN_OPERATOR), (INVALID_REQUEST) with the field.
    """

    email: Annotated[str, Length(1, 256)]
    fiscal_code: Annotated[str, Length(1, 64)]
    grants: _Grants


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationToken(Message):
    """The secret part of the link, told this once."""

    invitation: Invitation
    invitation_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest(Message):
    """By the secret part of the link. Refused(INVITATION_INVALID) when unknown, used, withdrawn or expired."""

    invitation_token: _Token


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationTerms(Message):
    """What one is invited to: nothing about a person."""

    entity_code: str
    grants: Sequence[Grant]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitationRequest(OfficeTokenRequest):
    """Become an operator. Refused(INVITATION_INVALID), (INVITATION_OF_ANOTHER), (ALREADY_AN_OPERATOR)."""

    invitation_token: _Token


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawInvitationRequest(OfficeRequest):
    """Make an invitation void; one that is over is no error. Refused(ROLE_MISSING)."""

    invitation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRolesRequest(OfficeRequest):
    """Give an operator other roles; `version`: the one that was shown.

    Refused(ROLE_MISSING), (NOT_FOUND), (CHANGED_MEANWHILE) with who changed what, (LAST_ADMINISTRATOR).
    """

    operator_id: UUID
    version: int
    grants: _Grants


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveOperatorRequest(OfficeRequest):
    """End an operator's work for the entity, and their sessions at once.

    Refused(ROLE_MISSING), (NOT_FOUND), (CHANGED_MEANWHILE), (LAST_ADMINISTRATOR).
    """

    operator_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNamesRequest(Message):
    """The names of operators of an entity, those removed too."""

    entity_code: _EntityCode
    operator_ids: Annotated[Sequence[UUID], Length(max=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNames(Message):
    """Of those that are known."""

    operators: Sequence[OperatorName]


def actor_of(operator: OperatorName) -> Actor:
    """Return an operator as the audit names them."""
    return Actor(kind="operator", id=str(operator.id))


START_OFFICE_LOGIN = Call("identity", "start_office_login", StartOfficeLoginRequest, StartLogin, idempotent=True)
FINISH_OFFICE_LOGIN = Call("identity", "finish_office_login", FinishLoginRequest, FinishOfficeLogin, idempotent=False)
OFFICE_SESSION = Call("identity", "office_session", OfficeRequest, OfficeSession, idempotent=True, timeout_s=3)
OFFICE_PERSON = Call("identity", "office_person", OfficeTokenRequest, OfficePerson, idempotent=True, timeout_s=3)
END_OFFICE_SESSION = Call("identity", "end_office_session", OfficeTokenRequest, Empty, idempotent=True)
COLLEAGUES = Call("identity", "colleagues", OfficeRequest, Colleagues, idempotent=True)
INVITE = Call("identity", "invite", InviteRequest, InvitationToken, idempotent=False)
INVITATION = Call("identity", "invitation", InvitationRequest, InvitationTerms, idempotent=True)
ACCEPT_INVITATION = Call("identity", "accept_invitation", AcceptInvitationRequest, Operator, idempotent=False)
WITHDRAW_INVITATION = Call("identity", "withdraw_invitation", WithdrawInvitationRequest, Empty, idempotent=True)
CHANGE_ROLES = Call("identity", "change_roles", ChangeRolesRequest, Operator, idempotent=False)
REMOVE_OPERATOR = Call("identity", "remove_operator", RemoveOperatorRequest, Empty, idempotent=False)
OPERATOR_NAMES = Call("identity", "operator_names", OperatorNamesRequest, OperatorNames, idempotent=True)
