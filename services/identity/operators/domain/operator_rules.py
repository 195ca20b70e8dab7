"""The rules of operators: how long sessions and invitations last, and what roles there must be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.codes import FiscalCode, is_email
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.roles import ENTITY_WIDE, Grant, Role

LEVEL_MIN: Final = 2
"""The SPID level an office wants, whatever the citizens' pages want."""
SESSION_IDLE: Final = timedelta(minutes=15)
SESSION_ABSOLUTE: Final = timedelta(hours=10)
"""A working day with its pause, and no more than one."""
SESSION_USE_RESOLUTION: Final = timedelta(seconds=15)
SESSIONS_MAX: Final = 3
"""Of a person at once: the desk, the counter, and one at home."""
INVITATION_LIFETIME: Final = timedelta(days=7)
INVITATION_RETENTION: Final = timedelta(days=30)
"""How long an invitation is stored after it was made: what came of it stands in the audit."""


@dataclass(frozen=True)
class SignedInPerson:
    """Who proved to be whom, by whatever protocol: the one thing that a login of another kind has to tell.

    `provider` vouches for the person, whom it calls `subject`; at which `level` of SPID's, 1 to 3. `body_code`: the
    aggregated body in whose pages alone the login counts.
    """

    fiscal_code: FiscalCode
    name: str
    family_name: str
    level: int
    provider: str
    subject: str
    entity_code: str | None
    body_code: str | None


@dataclass(frozen=True)
class OfficeTimes:
    """When an office session was made, last used, and ended, if it was."""

    created_at: datetime
    seen_at: datetime
    revoked_at: datetime | None

    @property
    def expires_at(self) -> datetime:
        """The end that no use puts off."""
        return self.created_at + SESSION_ABSOLUTE

    @property
    def idle_until(self) -> datetime:
        """The end if the session is not used again."""
        return min(self.seen_at + SESSION_IDLE, self.expires_at)

    def is_live(self, now: datetime) -> bool:
        """Return whether the session may be used at `now`."""
        return self.revoked_at is None and now < self.idle_until


def checked_grants(grants: Sequence[Grant]) -> list[Grant]:
    """Return roles without repetition, in order; a role for all services makes the same role for one needless.

    Raises Refused(INVALID_REQUEST) where there is none, or where one that is the whole entity's names a service.
    """
    if any(one.service_code is not None and Role(one.role) in ENTITY_WIDE for one in grants):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="grants"))
    everywhere = {one.role for one in grants if one.service_code is None}
    kept = {one for one in grants if one.service_code is None or one.role not in everywhere}
    if not kept:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="grants"))
    return sorted(kept, key=lambda one: (one.role, one.service_code or ""))


def checked_person(typed: str) -> FiscalCode:
    """Return the fiscal code of a person. Raises Refused(INVALID_FISCAL_CODE): offices are not people."""
    code = FiscalCode.typed(typed)
    if code.entity_type != "F":
        raise Refused(ErrorCode.INVALID_FISCAL_CODE)
    return code


def checked_email(typed: str) -> str:
    """Return an e-mail address. Raises Refused(INVALID_REQUEST) with the field."""
    email = typed.strip()
    if not is_email(email):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="email"))
    return email


def has_administrator(offices: Iterable[Sequence[Grant]]) -> bool:
    """Return whether among the roles of several operators there is an administrator's."""
    return any(one.role == Role.AMMINISTRATORE for grants in offices for one in grants)
