"""The rules of identity, without anything that can fail for a technical reason."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from contracts.calendar import rome_day
from contracts.codes import FiscalCode
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import ConsentEvent
from services.identity.saml.refusal import Reason, ResponseRefused, require

REGISTRATION: Final = "registration"
EMAIL_REMINDERS: Final = "email_reminders"
OPTIONAL_PURPOSES: Final = frozenset({EMAIL_REMINDERS})
DEFAULT_LANGUAGE: Final = "it"
"""What a citizen is written to in who never chose."""

REQUEST_LIFETIME: Final = timedelta(minutes=15)
SESSION_IDLE: Final = timedelta(minutes=20)
SESSION_ABSOLUTE: Final = timedelta(hours=8)
SESSION_USE_RESOLUTION: Final = timedelta(seconds=15)
"""A use of the session is stored at most this often: the idle time is exact to 15 s, and reads stay reads."""
FRESH_LOGIN: Final = timedelta(minutes=10)
"""How long after a login closing the account or changing the e-mail needs no other."""
BENEFICIARIES_MAX: Final = 10
REFUSAL_RETENTION: Final = timedelta(days=30)
TRACE_RETENTION: Final = timedelta(days=731)
"""24 months (DPCM 24-10-2014 article 13), in days so that a leap year never shortens it."""

_LEVEL_TOO_LOW: Final = 20
_TIMED_OUT: Final = 21
_TOLD_AS: Final[Mapping[Reason, int]] = {
    Reason.LEVEL_TOO_LOW: _LEVEL_TOO_LOW,
    Reason.REQUEST_EXPIRED: _TIMED_OUT,
    Reason.CONFIRMATION_EXPIRED: _TIMED_OUT,
    Reason.CONDITIONS_EXPIRED: _TIMED_OUT,
    Reason.SESSION_EXPIRED: _TIMED_OUT,
}
"""The person's own matters that our checks find -> AgID's number of the same thing."""

_RETURN_PATH: Final = re.compile(r"/|/(enti|profilo|ufficio)(/[A-Za-z0-9_.~-]+)*/?(\?[A-Za-z0-9_.~=&%+-]*)?")
_ORGANIZATION_CODE: Final = re.compile(r"(?:(?:TIN|VAT)IT-)?([0-9]{11}|[A-Z0-9]{16})")
_FISCAL_NUMBER: Final = re.compile(r"TINIT-([A-Z0-9]{16})")


@dataclass(frozen=True)
class AssertedIdentity:
    """Who a verified assertion is about. `email` may be None."""

    fiscal_code: FiscalCode
    name: str
    family_name: str
    email: str | None


@dataclass(frozen=True)
class Organization:
    """Whom a citizen acts for, as the assertion states it. `fiscal_code`: of the organization, else its VAT number."""

    fiscal_code: FiscalCode
    name: str


@dataclass(frozen=True)
class LoginRefusal:
    """Why a login was refused, by the `reference` that is shown. Nothing personal.

    `anomaly`: AgID's number of what went wrong at the identity provider. The fields after it are those of the login
    that was begun; they are None where the answer matched none of ours.
    """

    reference: str
    reason: Reason
    detail: str
    anomaly: int | None
    idp_entity_id: str | None
    entity_code: str | None
    spid_level: int | None
    request_id: str | None


class EndReason(StrEnum):
    """Why a session was ended by something that its browser did not do."""

    NEW_LOGIN = "new_login"
    """The same browser logged in again."""
    TOO_MANY = "too_many"
    """The citizen logged in on more browsers than may be at once: this was the oldest."""


@dataclass(frozen=True)
class SessionTimes:
    """When a session was made, last used, and ended, if it was."""

    created_at: datetime
    seen_at: datetime
    revoked_at: datetime | None

    @property
    def expires_at(self) -> datetime:
        """The end that no use puts off."""
        return self.created_at + SESSION_ABSOLUTE

    @property
    def fresh_until(self) -> datetime:
        """Until when the login is recent enough for what must not be done by whoever finds the browser open."""
        return self.created_at + FRESH_LOGIN

    @property
    def idle_until(self) -> datetime:
        """The end if the session is not used again."""
        return min(self.seen_at + SESSION_IDLE, self.expires_at)

    def is_live(self, now: datetime) -> bool:
        """Return whether the session may be used at `now`."""
        return self.revoked_at is None and now < self.idle_until


@dataclass(frozen=True)
class PrivacyDocument:
    """A version of the privacy notice (purpose `registration`) or of an optional purpose's text; never changed.

    `messages`: the kinds of e-mail that whoever agrees to it may be sent (contracts.rpc.identity.MESSAGES).
    """

    id: str
    purpose: str
    version: str
    valid_from: date
    title: Mapping[str, str]
    text: Mapping[str, str]
    sha256: str
    messages: tuple[str, ...] = ()


def told_anomaly(refusal: LoginRefusal) -> int | None:
    """Return AgID's number by which the person is told what happened; None where it was not the person's own matter.

    What we find ourselves is told like what the identity provider finds: a lower level, too much time.
    """
    return _TOLD_AS.get(refusal.reason, refusal.anomaly)


def told_reason(refusal: LoginRefusal, *, is_eidas: bool) -> str | None:
    """Return by what word the caller is told of an identity without Italian fiscal code; None for any other refusal.

    Through the eIDAS node that is no fault: the person goes on without a login.
    """
    if refusal.reason is not Reason.FISCAL_CODE:
        return None
    return "eidas" if is_eidas else "foreign_identity"


def return_path(text: str) -> str:
    """Return `text` when it is a path of ours that a login may lead to, else raise Refused(INVALID_REQUEST)."""
    if not _RETURN_PATH.fullmatch(text) or ".." in text:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="return_to"))
    return text


def asserted_identity(attributes: Mapping[str, str]) -> AssertedIdentity:
    """Read who it is from SPID's attributes. Raises ResponseRefused when one of the three we need is missing.

    The check character is not looked at: the identity provider vouches for the code.
    """
    match = _FISCAL_NUMBER.fullmatch(attributes.get("fiscalNumber", "").upper())
    if not match:
        raise ResponseRefused(Reason.FISCAL_CODE)
    name, family_name = attributes.get("name", ""), attributes.get("familyName", "")
    require(name and family_name, Reason.ATTRIBUTE_INVALID)
    return AssertedIdentity(FiscalCode(match[1]), name, family_name, attributes.get("email") or None)


def asserted_organization(attributes: Mapping[str, str]) -> Organization | None:
    """Read whom the citizen acts for; None where the assertion names no organization by a code: then for nobody."""
    written = attributes.get("companyFiscalNumber") or attributes.get("ivaCode") or ""
    match = _ORGANIZATION_CODE.fullmatch(written.upper())
    return Organization(FiscalCode(match[1]), attributes.get("companyName") or match[1]) if match else None


def in_force(documents: Iterable[PrivacyDocument], now: datetime) -> dict[str, PrivacyDocument]:
    """Return the document of each purpose that is valid on the Rome day of `now`."""
    today = rome_day(now)
    valid = sorted((one for one in documents if one.valid_from <= today), key=lambda one: (one.valid_from, one.version))
    return {one.purpose: one for one in valid}


def agreed_document(history: Iterable[ConsentEvent], purpose: str) -> str | None:
    """Return the id of the document by which a purpose is granted, None where it is not."""
    document_id = None
    for event in history:
        if event.purpose == purpose:
            document_id = None if event.action == "revoked" else event.document_id
    return document_id


def granted(history: Iterable[ConsentEvent]) -> list[str]:
    """Return the purposes whose last event is not a revocation; `history` is oldest first."""
    last = {event.purpose: event.action for event in history}
    return sorted(purpose for purpose, action in last.items() if action != "revoked")
