"""What identity answers: SPID login, sessions, consents, the citizen's own data.

Tokens travel in requests and replies only; identity stores their SHA-256.
"""

from marshmallow import Schema, fields, validate

from contracts.call import Call
from contracts.fields import Beneficiary, Empty, UtcDateTime

PURPOSES = ("registration", "email_reminders")
CHANNELS = ("web", "api")
MESSAGES = ("notice", "reminder", "receipt")
LANGUAGES = ("it", "en")


class IdentityProvider(Schema):
    """An identity provider the person may choose. `key` goes in /spid/login?idp=; `kind` says on which button."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    logo = fields.String(load_default=None, allow_none=True)
    kind = fields.String(load_default="spid", validate=validate.OneOf(["spid", "cie"]))


class IdentityProviders(Schema):
    """In the order to show them."""

    providers = fields.List(fields.Nested(IdentityProvider), required=True)


class StartLoginRequest(Schema):
    """`browser_token` is a random value the gateway keeps in a cookie until the ACS. `return_to`: relative path."""

    idp = fields.String(required=True)
    entity_code = fields.String(load_default=None, allow_none=True)
    return_to = fields.String(required=True)
    browser_token = fields.String(required=True)


class StartLogin(Schema):
    """Where to send the browser with the signed AuthnRequest.

    By GET to `redirect_url`, which holds it (HTTP-Redirect); where there are `form_fields`, by a POST of them to it.
    """

    redirect_url = fields.String(required=True)
    form_fields = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None, allow_none=True)


class FinishLoginRequest(Schema):
    """What the IdP made the browser POST to the ACS."""

    saml_response = fields.String(required=True)
    relay_state = fields.String(load_default="")
    browser_token = fields.String(required=True)


class Citizen(Schema):
    """Who logged in, from the signed assertion. `email` may be None."""

    id = fields.UUID(required=True)
    fiscal_code = fields.String(required=True)
    name = fields.String(required=True)
    family_name = fields.String(required=True)
    email = fields.String(load_default=None, allow_none=True)


class Session(Schema):
    """A live session. `registered` is False until the privacy notice in force is acknowledged."""

    citizen = fields.Nested(Citizen, required=True)
    registered = fields.Boolean(required=True)
    spid_level = fields.Integer(required=True, validate=validate.Range(1, 3))
    idle_until = UtcDateTime(required=True)
    expires_at = UtcDateTime(required=True)


class FinishLogin(Schema):
    """The new session's token and where to go.

    Refused(LOGIN_REFUSED, {reference, anomaly?, entity_code?, spid_level?}); `spid_level` is the one asked for.
    """

    session_token = fields.String(required=True)
    session = fields.Nested(Session, required=True)
    return_to = fields.String(required=True)
    entity_code = fields.String(load_default=None, allow_none=True)


class TokenRequest(Schema):
    """By session token. Refused(SESSION_EXPIRED) when it is unknown, idle too long, too old or revoked."""

    session_token = fields.String(required=True)


class SessionRequest(TokenRequest):
    """`entity_code`: whose pages it is for.

    Refused(SPID_LEVEL_TOO_LOW, {entity_code, spid_level, spid_level_wanted}) when that body wants a higher SPID level.
    """

    entity_code = fields.String(load_default=None, allow_none=True)


class OwnSession(Schema):
    """One live session of the citizen's. `current` is the one asking."""

    id = fields.UUID(required=True)
    current = fields.Boolean(required=True)
    created_at = UtcDateTime(required=True)
    last_used_at = UtcDateTime(required=True)
    idle_until = UtcDateTime(required=True)
    spid_level = fields.Integer(required=True, validate=validate.Range(1, 3))
    identity_provider = fields.String(required=True)


class OwnSessions(Schema):
    """The live sessions of the citizen, the one used last first."""

    sessions = fields.List(fields.Nested(OwnSession), required=True)


class EndSessionRequest(TokenRequest):
    """End one session of one's own; one that is over, or somebody else's, is no error and changes nothing."""

    session_id = fields.UUID(required=True)


class RememberedBeneficiary(Beneficiary):
    """A student the citizen paid for."""

    id = fields.UUID(required=True)


class Beneficiaries(Schema):
    """The students the citizen paid for, the latest first, at most ten."""

    beneficiaries = fields.List(fields.Nested(RememberedBeneficiary), required=True)


class RememberBeneficiaryRequest(TokenRequest):
    """Remember a student for the next time; beyond ten the one used longest ago is forgotten."""

    beneficiary = fields.Nested(Beneficiary, required=True)


class ForgetBeneficiaryRequest(TokenRequest):
    """Forget a student; one that is not there is no error."""

    beneficiary_id = fields.UUID(required=True)


class RegisterRequest(TokenRequest):
    """Acknowledge the privacy notice shown (`document_id`), choose the optional purposes, give an e-mail or none.

    `language`: what the page was read in, and what the citizen is written to in.
    """

    document_id = fields.String(required=True)
    email = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=256))
    purposes = fields.List(fields.String(validate=validate.OneOf(PURPOSES)), load_default=list)
    language = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(LANGUAGES))
    channel = fields.String(load_default="web", validate=validate.OneOf(CHANNELS))


class PurposeRequest(TokenRequest):
    """Grant or revoke one purpose. Revoking `registration` closes the account: its sessions end, its data goes.

    `email`: with the granting of e-mail reminders, where to send them, when the profile has no address. `language`:
    with the granting, what to write to the citizen in. Granting again what was granted by an older text agrees to
    the text in force.
    """

    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    email = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=256))
    language = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(LANGUAGES))
    channel = fields.String(load_default="web", validate=validate.OneOf(CHANNELS))


class PrivacyDocument(Schema):
    """A version of the privacy notice or of a purpose's text."""

    id = fields.String(required=True)
    purpose = fields.String(required=True)
    version = fields.String(required=True)
    valid_from = fields.Date(required=True)
    title = fields.Dict(required=True)
    text = fields.Dict(required=True)


class ConsentEvent(Schema):
    """One line of the ledger."""

    at = UtcDateTime(required=True)
    purpose = fields.String(required=True)
    action = fields.String(required=True, validate=validate.OneOf(["granted", "acknowledged", "revoked"]))
    document_id = fields.String(required=True)
    document_version = fields.String(required=True)
    channel = fields.String(load_default="web", validate=validate.OneOf(CHANNELS))


class Privacy(Schema):
    """The documents in force, which purposes are granted, and the history, oldest first."""

    documents = fields.List(fields.Nested(PrivacyDocument), required=True)
    granted = fields.List(fields.String(), required=True)
    history = fields.List(fields.Nested(ConsentEvent), required=True)


class MetadataRequest(Schema):
    """Of which federation: SPID or CIE. Refused(INVALID_REQUEST) where CIE is not set up."""

    kind = fields.String(load_default="spid", validate=validate.OneOf(["spid", "cie"]))


class Metadata(Schema):
    """The service provider's signed metadata."""

    xml = fields.String(required=True)


class SloRequest(Schema):
    """A LogoutRequest as received. `binding`: post (base64 XML in `message`) or redirect (with its signature parts)."""

    binding = fields.String(required=True, validate=validate.OneOf(["post", "redirect"]))
    message = fields.String(required=True)
    relay_state = fields.String(load_default="")
    query = fields.String(load_default="")


class Slo(Schema):
    """The LogoutResponse to send back: where, and its form value."""

    destination = fields.String(required=True)
    saml_response = fields.String(required=True)
    relay_state = fields.String(load_default="")


class MailboxRequest(Schema):
    """Whose mailbox; asked by the service that is about to write to it, never on anybody's behalf."""

    citizen_id = fields.UUID(required=True)


class Mailbox(Schema):
    """Where and in which language to write to a citizen, and the kinds of message that the consent given is for."""

    fiscal_code = fields.String(required=True)
    email = fields.String(required=True)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    messages = fields.List(fields.String(validate=validate.OneOf(MESSAGES)), required=True)


class MailboxReply(Schema):
    """None where nothing may be sent: no consent, or revoked, no address, the account closed."""

    mailbox = fields.Nested(Mailbox, load_default=None, allow_none=True)


class CalendarFeed(Schema):
    """Since when the citizen's calendar may read the due dates; None where it may not."""

    created_at = UtcDateTime(load_default=None, allow_none=True)


class RenewCalendarFeedRequest(TokenRequest):
    """`language`: what the page was read in, and what the entries are written in."""

    language = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(LANGUAGES))


class CalendarFeedToken(Schema):
    """The secret part of the address, told this once: identity keeps its SHA-256. The one before is void."""

    feed_token = fields.String(required=True)


class CalendarReaderRequest(Schema):
    """By the secret part of the address. Refused(NOT_FOUND) when it is unknown or revoked."""

    feed_token = fields.String(required=True, validate=validate.Length(max=128))


class CalendarReader(Schema):
    """Whose due dates the address is for. `excluded_entity_codes`: bodies that want a higher SPID level."""

    citizen_id = fields.UUID(required=True)
    fiscal_code = fields.String(required=True)
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    excluded_entity_codes = fields.List(fields.String(), required=True)


class Export(Schema):
    """All that identity keeps about the citizen."""

    data = fields.Dict(required=True)


PROVIDERS = Call("identity", "providers", Empty(), IdentityProviders(), idempotent=True, timeout_s=2)
METADATA = Call("identity", "metadata", MetadataRequest(), Metadata(), idempotent=True)
START_LOGIN = Call("identity", "start_login", StartLoginRequest(), StartLogin(), idempotent=True)
FINISH_LOGIN = Call("identity", "finish_login", FinishLoginRequest(), FinishLogin(), idempotent=False)
SESSION = Call("identity", "session", SessionRequest(), Session(), idempotent=True, timeout_s=3)
LOGOUT = Call("identity", "logout", TokenRequest(), Empty(), idempotent=True)
LOGOUT_EVERYWHERE = Call("identity", "logout_everywhere", TokenRequest(), Empty(), idempotent=True)
SESSIONS = Call("identity", "sessions", TokenRequest(), OwnSessions(), idempotent=True)
END_SESSION = Call("identity", "end_session", EndSessionRequest(), OwnSessions(), idempotent=True)
BENEFICIARIES = Call("identity", "beneficiaries", TokenRequest(), Beneficiaries(), idempotent=True)
REMEMBER_BENEFICIARY = Call(
    "identity", "remember_beneficiary", RememberBeneficiaryRequest(), Beneficiaries(), idempotent=True
)
FORGET_BENEFICIARY = Call(
    "identity", "forget_beneficiary", ForgetBeneficiaryRequest(), Beneficiaries(), idempotent=True
)
SLO = Call("identity", "slo", SloRequest(), Slo(), idempotent=True)
REGISTER = Call("identity", "register", RegisterRequest(), Session(), idempotent=True)
PRIVACY = Call("identity", "privacy", TokenRequest(), Privacy(), idempotent=True)
GRANT = Call("identity", "grant", PurposeRequest(), Privacy(), idempotent=True)
REVOKE = Call("identity", "revoke", PurposeRequest(), Privacy(), idempotent=True)
MAILBOX = Call("identity", "mailbox", MailboxRequest(), MailboxReply(), idempotent=True)
CALENDAR_FEED = Call("identity", "calendar_feed", TokenRequest(), CalendarFeed(), idempotent=True)
RENEW_CALENDAR_FEED = Call(
    "identity", "renew_calendar_feed", RenewCalendarFeedRequest(), CalendarFeedToken(), idempotent=True
)
REVOKE_CALENDAR_FEED = Call("identity", "revoke_calendar_feed", TokenRequest(), Empty(), idempotent=True)
CALENDAR_READER = Call("identity", "calendar_reader", CalendarReaderRequest(), CalendarReader(), idempotent=True)
EXPORT = Call("identity", "export", TokenRequest(), Export(), idempotent=True)
PING = Call("identity", "ping", Empty(), Empty(), idempotent=True, timeout_s=1)
