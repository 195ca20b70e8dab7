"""What identity answers: SPID login, sessions, consents, the citizen's own data.

Tokens travel in requests and replies only; identity stores their SHA-256.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range

from contracts.call import Call
from contracts.codes import FiscalCode
from contracts.message import Message
from contracts.shapes import Beneficiary, Empty

PURPOSES = ("registration", "email_reminders")
CHANNELS = ("web", "api")
MESSAGES = ("notice", "reminder", "receipt")
LANGUAGES = ("it", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider(Message):
    """An identity provider to choose. `key` goes in /spid/login?idp=; `kind` says on which button."""

    key: str
    name: str
    logo: str | None = None
    kind: Annotated[str, OneOf(["spid", "cie"])] = "spid"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProviders(Message):
    """In the order to show them."""

    providers: Sequence[IdentityProvider]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLoginRequest(Message):
    """`browser_token` is a random value that the gateway puts in a cookie until the ACS. `return_to`: relative path."""

    idp: str
    entity_code: str | None = None
    return_to: str
    browser_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartLogin(Message):
    """Where to send the browser with the signed AuthnRequest.

    By GET to `redirect_url`, which holds it (HTTP-Redirect); where there are `form_fields`, by a POST of them to it.
    """

    redirect_url: str
    form_fields: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishLoginRequest(Message):
    """What the IdP made the browser POST to the ACS."""

    saml_response: str
    relay_state: str = ""
    browser_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen(Message):
    """Who logged in, from the signed assertion. `email` may be None."""

    id: UUID
    fiscal_code: FiscalCode
    name: str
    family_name: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Message):
    """A live session. `registered` is False until the privacy notice in force is acknowledged."""

    citizen: Citizen
    registered: bool
    spid_level: Annotated[int, Range(1, 3)]
    idle_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishLogin(Message):
    """The new session's token and where to go.

    Refused(LOGIN_REFUSED) with a LoginRefused when the answer is not to be believed.
    """

    session_token: str
    session: Session
    return_to: str
    entity_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest(Message):
    """By session token. Refused(SESSION_EXPIRED) when it is unknown, idle too long, too old or revoked."""

    session_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest(TokenRequest):
    """`entity_code`: whose pages it is for.

    Refused(SPID_LEVEL_TOO_LOW) with a SpidLevelTooLow when that entity wants a higher SPID level.
    """

    entity_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSession(Message):
    """One live session of the citizen's. `current` is the one asking."""

    id: UUID
    current: bool
    created_at: datetime
    last_used_at: datetime
    idle_until: datetime
    spid_level: Annotated[int, Range(1, 3)]
    identity_provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSessions(Message):
    """The live sessions of the citizen, the one used last first."""

    sessions: Sequence[OwnSession]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessionRequest(TokenRequest):
    """End one session of one's own; one that is over, or somebody else's, is no error and changes nothing."""

    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedBeneficiary(Beneficiary):
    """A beneficiary the citizen paid for."""

    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiaries(Message):
    """The beneficiaries the citizen paid for, the latest first, at most ten."""

    beneficiaries: Sequence[RememberedBeneficiary]


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberBeneficiaryRequest(TokenRequest):
    """Remember a beneficiary for the next time; beyond ten the one used longest ago is forgotten."""

    beneficiary: Beneficiary


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetBeneficiaryRequest(TokenRequest):
    """Forget a beneficiary; one that is not there is no error."""

    beneficiary_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRequest(TokenRequest):
    """Acknowledge the privacy notice shown (`document_id`), choose the optional purposes, give an e-mail or none.

    `language`: what the page was read in, and what the citizen is written to in.
    """

    document_id: str
    email: Annotated[str, Length(max=256)] | None = None
    purposes: Sequence[Annotated[str, OneOf(PURPOSES)]] = field(default_factory=list)
    language: Annotated[str, OneOf(LANGUAGES)] | None = None
    channel: Annotated[str, OneOf(CHANNELS)] = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRequest(TokenRequest):
    """Grant or revoke one purpose. Revoking `registration` closes the account: its sessions end, its data goes.

    `email`: with the granting of e-mail reminders, where to send them, when the profile has no address. `language`:
    with the granting, what to write to the citizen in. Granting again what was granted by an older text agrees to
    the text in force.
    """

    purpose: Annotated[str, OneOf(PURPOSES)]
    email: Annotated[str, Length(max=256)] | None = None
    language: Annotated[str, OneOf(LANGUAGES)] | None = None
    channel: Annotated[str, OneOf(CHANNELS)] = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyDocument(Message):
    """A version of the privacy notice or of a purpose's text, by language."""

    id: str
    purpose: str
    version: str
    valid_from: date
    title: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent(Message):
    """One line of the ledger."""

    at: datetime
    purpose: str
    action: Annotated[str, OneOf(["granted", "acknowledged", "revoked"])]
    document_id: str
    document_version: str
    channel: Annotated[str, OneOf(CHANNELS)] = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy(Message):
    """The documents in force, which purposes are granted, and the history, oldest first."""

    documents: Sequence[PrivacyDocument]
    granted: Sequence[str]
    history: Sequence[ConsentEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRequest(Message):
    """Of which federation: SPID or CIE. Refused(INVALID_REQUEST) where CIE is not set up."""

    kind: Annotated[str, OneOf(["spid", "cie"])] = "spid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata(Message):
    """The service provider's signed metadata."""

    xml: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SloRequest(Message):
    """A LogoutRequest as received. `binding`: post (base64 XML in `message`) or redirect (with its signature parts)."""

    binding: Annotated[str, OneOf(["post", "redirect"])]
    message: str
    relay_state: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo(Message):
    """The LogoutResponse to send back: where, and its form value."""

    destination: str
    saml_response: str
    relay_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRequest(Message):
    """Whose mailbox; asked by the service that is about to write to it, never on anybody's behalf."""

    citizen_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox(Message):
    """Where and in which language to write to a citizen, and the kinds of message that the consent given is for."""

    fiscal_code: FiscalCode
    email: str
    language: Annotated[str, OneOf(LANGUAGES)]
    messages: Sequence[Annotated[str, OneOf(MESSAGES)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxReply(Message):
    """None where nothing may be sent: no consent, or revoked, no address, the account closed."""

    mailbox: Mailbox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFeed(Message):
    """Since when the citizen's calendar may read the due dates; None where it may not."""

    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewCalendarFeedRequest(TokenRequest):
    """`language`: what the page was read in, and what the entries are written in."""

    language: Annotated[str, OneOf(LANGUAGES)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFeedToken(Message):
    """The secret part of the address, told this once: identity stores its SHA-256. The one before is void."""

    feed_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReaderRequest(Message):
    """By the secret part of the address. Refused(NOT_FOUND) when it is unknown or revoked."""

    feed_token: Annotated[str, Length(max=128)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReader(Message):
    """Whose due dates the address is for. `excluded_entity_codes`: entities that want a higher SPID level."""

    citizen_id: UUID
    fiscal_code: FiscalCode
    language: Annotated[str, OneOf(LANGUAGES)]
    excluded_entity_codes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(Message):
    """All that identity stores about the citizen: a document to be downloaded, which no code reads by its names."""

    data: Mapping[str, Any]


PROVIDERS = Call("identity", "providers", Empty, IdentityProviders, idempotent=True, timeout_s=2)
METADATA = Call("identity", "metadata", MetadataRequest, Metadata, idempotent=True)
START_LOGIN = Call("identity", "start_login", StartLoginRequest, StartLogin, idempotent=True)
FINISH_LOGIN = Call("identity", "finish_login", FinishLoginRequest, FinishLogin, idempotent=False)
SESSION = Call("identity", "session", SessionRequest, Session, idempotent=True, timeout_s=3)
LOGOUT = Call("identity", "logout", TokenRequest, Empty, idempotent=True)
LOGOUT_EVERYWHERE = Call("identity", "logout_everywhere", TokenRequest, Empty, idempotent=True)
SESSIONS = Call("identity", "sessions", TokenRequest, OwnSessions, idempotent=True)
END_SESSION = Call("identity", "end_session", EndSessionRequest, OwnSessions, idempotent=True)
BENEFICIARIES = Call("identity", "beneficiaries", TokenRequest, Beneficiaries, idempotent=True)
REMEMBER_BENEFICIARY = Call(
    "identity", "remember_beneficiary", RememberBeneficiaryRequest, Beneficiaries, idempotent=True
)
FORGET_BENEFICIARY = Call("identity", "forget_beneficiary", ForgetBeneficiaryRequest, Beneficiaries, idempotent=True)
SLO = Call("identity", "slo", SloRequest, Slo, idempotent=True)
REGISTER = Call("identity", "register", RegisterRequest, Session, idempotent=True)
PRIVACY = Call("identity", "privacy", TokenRequest, Privacy, idempotent=True)
GRANT = Call("identity", "grant", PurposeRequest, Privacy, idempotent=True)
REVOKE = Call("identity", "revoke", PurposeRequest, Privacy, idempotent=True)
MAILBOX = Call("identity", "mailbox", MailboxRequest, MailboxReply, idempotent=True)
CALENDAR_FEED = Call("identity", "calendar_feed", TokenRequest, CalendarFeed, idempotent=True)
RENEW_CALENDAR_FEED = Call(
    "identity", "renew_calendar_feed", RenewCalendarFeedRequest, CalendarFeedToken, idempotent=True
)
REVOKE_CALENDAR_FEED = Call("identity", "revoke_calendar_feed", TokenRequest, Empty, idempotent=True)
CALENDAR_READER = Call("identity", "calendar_reader", CalendarReaderRequest, CalendarReader, idempotent=True)
EXPORT = Call("identity", "export", TokenRequest, Export, idempotent=True)
PING = Call("identity", "ping", Empty, Empty, idempotent=True, timeout_s=1)
