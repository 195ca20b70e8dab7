"""The identity service: its RPC entrypoints and its timer."""

from datetime import datetime

from chassis.clock import now
from chassis.recurrence import Recurrence
from chassis.runtime.entrypoints import answers, decides_every, every
from chassis.runtime.providers import DatabaseProvider, Provider, SettingsProvider
from chassis.storage.database_clock import database_time
from contracts.rpc import api_keys as keys
from contracts.rpc import audit, help_desk, identity, operators
from contracts.rpc.parity import (
    IDENTITY_BUCKETS,
    IDENTITY_CHANGED,
    IDENTITY_LINES,
    IDENTITY_TELL_AGAIN,
    Buckets,
    BucketsRequest,
    Changed,
    ChangedRequest,
    Lines,
    LinesRequest,
    TellAgainRequest,
    ToldAgain,
)
from contracts.shapes import Empty
from services.identity import clients, models
from services.identity.operators.usecases import api_keys, colleagues, invitations
from services.identity.operators.usecases import login as office_login
from services.identity.operators.usecases import sessions as office_sessions
from services.identity.registry_watcher import RegistryWatcher
from services.identity.settings import Settings
from services.identity.usecases import (
    beneficiaries,
    calendar_feed,
    helpdesk,
    login,
    own_data,
    parity,
    privacy,
    registry_refresh,
    sessions,
    slo,
    upkeep,
)

_FETCH_LOOK_S = 5


class RegistryProvider(Provider[RegistryWatcher]):
    """Injects the identity providers that are trusted, as they are now."""

    def setup(self) -> None:
        """Read them; files that cannot be believed stop the start."""
        self.watcher = RegistryWatcher(Settings.load().registry_source, now())

    def get_dependency(self, _worker_ctx: object) -> RegistryWatcher:
        """Return the one watcher of this process."""
        return self.watcher


class IdentityService:
    """Who is who: SPID login, sessions, consents."""

    name = "identity"
    database = DatabaseProvider(models)
    settings = SettingsProvider(Settings.load)
    idps = RegistryProvider()
    fetching = SettingsProvider(lambda: Recurrence(Settings.load().registry_refresh_s))

    @answers(identity.PROVIDERS)
    def providers(self, _request: Empty) -> identity.IdentityProviders:
        """List the identity providers to choose from."""
        return login.providers(self.settings, self.idps.registry)

    @answers(identity.METADATA)
    def metadata(self, request: identity.MetadataRequest) -> identity.Metadata:
        """Return the service provider's signed metadata."""
        return login.service_provider_metadata(self.settings, request)

    @answers(identity.START_LOGIN)
    def start_login(self, request: identity.StartLoginRequest) -> identity.StartLogin:
        """Begin a login at an identity provider."""
        return login.start(self.database, self.settings, self.idps.registry, request, database_time(self.database))

    @answers(identity.FINISH_LOGIN)
    def finish_login(self, request: identity.FinishLoginRequest) -> identity.FinishLogin:
        """Take the identity provider's answer and open a session."""
        return login.finish(self.database, self.settings, self.idps.registry, request, database_time(self.database))

    @answers(identity.SESSION)
    def session(self, request: identity.SessionRequest) -> identity.Session:
        """Return a live session and put its idle end off."""
        return sessions.current(self.database, self.settings, request, now())

    @answers(identity.LOGOUT)
    def logout(self, request: identity.TokenRequest) -> Empty:
        """End a session."""
        return sessions.logout(self.database, request, now())

    @answers(identity.LOGOUT_EVERYWHERE)
    def logout_everywhere(self, request: identity.TokenRequest) -> Empty:
        """End every session of the citizen."""
        return sessions.logout_everywhere(self.database, request, now())

    @answers(identity.SESSIONS)
    def sessions(self, request: identity.TokenRequest) -> identity.OwnSessions:
        """List the citizen's live sessions."""
        return sessions.show(self.database, self.idps.registry, request, now())

    @answers(identity.END_SESSION)
    def end_session(self, request: identity.EndSessionRequest) -> identity.OwnSessions:
        """End one of the citizen's sessions."""
        return sessions.end_one(self.database, self.idps.registry, request, now())

    @answers(identity.BENEFICIARIES)
    def beneficiaries(self, request: identity.TokenRequest) -> identity.Beneficiaries:
        """List the beneficiaries the citizen paid for."""
        return beneficiaries.show(self.database, request, now())

    @answers(identity.REMEMBER_BENEFICIARY)
    def remember_beneficiary(self, request: identity.RememberBeneficiaryRequest) -> identity.Beneficiaries:
        """Remember a beneficiary for the next time."""
        return beneficiaries.remember(self.database, request, now())

    @answers(identity.FORGET_BENEFICIARY)
    def forget_beneficiary(self, request: identity.ForgetBeneficiaryRequest) -> identity.Beneficiaries:
        """Forget a beneficiary."""
        return beneficiaries.forget(self.database, request, now())

    @answers(identity.CALENDAR_FEED)
    def calendar_feed(self, request: identity.TokenRequest) -> identity.CalendarFeed:
        """Return since when the citizen's calendar reads the due dates, if it does."""
        return calendar_feed.show(self.database, request, now())

    @answers(identity.RENEW_CALENDAR_FEED)
    def renew_calendar_feed(self, request: identity.RenewCalendarFeedRequest) -> identity.CalendarFeedToken:
        """Make a new secret address for the citizen's calendar."""
        return calendar_feed.renew(self.database, request, now())

    @answers(identity.REVOKE_CALENDAR_FEED)
    def revoke_calendar_feed(self, request: identity.TokenRequest) -> Empty:
        """End the secret address of the citizen's calendar."""
        return calendar_feed.revoke(self.database, request, now())

    @answers(identity.CALENDAR_READER)
    def calendar_reader(self, request: identity.CalendarReaderRequest) -> identity.CalendarReader:
        """Return whose due dates a secret address is for."""
        return calendar_feed.reader(self.database, self.settings, request)

    @answers(identity.SLO)
    def slo(self, request: identity.SloRequest) -> identity.Slo:
        """Answer an identity provider's LogoutRequest."""
        return slo.answer(self.database, self.settings, self.idps.registry, request, now())

    @answers(identity.REGISTER)
    def register(self, request: identity.RegisterRequest) -> identity.Session:
        """Acknowledge the privacy notice and choose the optional purposes."""
        return privacy.register(self.database, self.settings, request, now())

    @answers(identity.PRIVACY)
    def privacy(self, request: identity.TokenRequest) -> identity.Privacy:
        """Show documents, consents and history."""
        return privacy.show(self.database, self.settings, request, now())

    @answers(identity.GRANT)
    def grant(self, request: identity.PurposeRequest) -> identity.Privacy:
        """Grant an optional purpose."""
        return privacy.grant(self.database, self.settings, request, now())

    @answers(identity.REVOKE)
    def revoke(self, request: identity.PurposeRequest) -> identity.Privacy:
        """Revoke a purpose; `registration` closes the account."""
        return privacy.revoke(self.database, self.settings, request, now())

    @answers(identity.MAILBOX)
    def mailbox(self, request: identity.MailboxRequest) -> identity.MailboxReply:
        """Return where a citizen may be written to, and about what."""
        return privacy.mailbox(self.database, self.settings, request)

    @answers(IDENTITY_BUCKETS)
    def parity_buckets(self, request: BucketsRequest) -> Buckets:
        """Count and hash what notices' consents are compared with."""
        return parity.consents(self.database, self.settings).buckets(request)

    @answers(IDENTITY_LINES)
    def parity_lines(self, request: LinesRequest) -> Lines:
        """Return what notices' consents are compared with, citizen by citizen."""
        return parity.consents(self.database, self.settings).lines(request)

    @answers(IDENTITY_CHANGED)
    def parity_changed(self, request: ChangedRequest) -> Changed:
        """Return which citizens events were about."""
        return parity.changed(self.database, request)

    @answers(IDENTITY_TELL_AGAIN)
    def tell_again(self, request: TellAgainRequest) -> ToldAgain:
        """Return the events about citizens once more."""
        return parity.tell_again(self.database, request)

    @answers(identity.EXPORT)
    def export(self, request: identity.TokenRequest) -> identity.Export:
        """Return everything stored about the citizen."""
        return own_data.export(self.database, request, now())

    @answers(operators.START_OFFICE_LOGIN)
    def start_office_login(self, request: operators.StartOfficeLoginRequest) -> identity.StartLogin:
        """Begin a login into an office."""
        at = database_time(self.database)
        return office_login.start(self.database, self.settings, self.idps.registry, request, at)

    @answers(operators.FINISH_OFFICE_LOGIN)
    def finish_office_login(self, request: identity.FinishLoginRequest) -> operators.FinishOfficeLogin:
        """Take the identity provider's answer and open an office session."""
        at = database_time(self.database)
        return office_login.finish(self.database, self.settings, self.idps.registry, request, at)

    @answers(operators.OFFICE_SESSION)
    def office_session(self, request: operators.OfficeRequest) -> operators.OfficeSession:
        """Return a live office session and put its idle end off."""
        return office_sessions.current(self.database, self.settings, request, now())

    @answers(operators.OFFICE_PERSON)
    def office_person(self, request: operators.OfficeTokenRequest) -> operators.OfficePerson:
        """Return who logged in to offices."""
        return office_sessions.person(self.database, request, now())

    @answers(operators.END_OFFICE_SESSION)
    def end_office_session(self, request: operators.OfficeTokenRequest) -> Empty:
        """End an office session."""
        return office_sessions.end(self.database, request, now())

    @answers(operators.COLLEAGUES)
    def colleagues(self, request: operators.OfficeRequest) -> operators.Colleagues:
        """List the operators of an entity and the invitations that are open."""
        return colleagues.show(self.database, self.settings, request, now())

    @answers(operators.INVITE)
    def invite(self, request: operators.InviteRequest) -> operators.InvitationToken:
        """Invite a person into an office."""
        return invitations.invite(self.database, self.settings, request, now())

    @answers(operators.INVITATION)
    def invitation(self, request: operators.InvitationRequest) -> operators.InvitationTerms:
        """Return what one is invited to."""
        return invitations.terms(self.database, request, now())

    @answers(operators.ACCEPT_INVITATION)
    def accept_invitation(self, request: operators.AcceptInvitationRequest) -> operators.Operator:
        """Make who is logged in an operator."""
        return invitations.accept(self.database, request, now())

    @answers(operators.WITHDRAW_INVITATION)
    def withdraw_invitation(self, request: operators.WithdrawInvitationRequest) -> Empty:
        """Make an invitation void."""
        return invitations.withdraw(self.database, self.settings, request, now())

    @answers(operators.CHANGE_ROLES)
    def change_roles(self, request: operators.ChangeRolesRequest) -> operators.Operator:
        """Give an operator other roles."""
        return colleagues.change_roles(self.database, self.settings, request, now())

    @answers(operators.REMOVE_OPERATOR)
    def remove_operator(self, request: operators.RemoveOperatorRequest) -> Empty:
        """End an operator's work for an entity."""
        return colleagues.remove(self.database, self.settings, request, now())

    @answers(operators.OPERATOR_NAMES)
    def operator_names(self, request: operators.OperatorNamesRequest) -> operators.OperatorNames:
        """Name operators for the audit."""
        return colleagues.names(self.database, request)

    @answers(help_desk.REFUSED_LOGIN)
    def refused_login(self, request: help_desk.RefusedLoginRequest) -> help_desk.RefusedLoginReply:
        """Return why a login was refused, by the reference that was shown."""
        return helpdesk.refused_login(self.database, request)

    @answers(keys.API_KEYS)
    def api_keys(self, request: operators.OfficeRequest) -> keys.ApiKeys:
        """List the API keys of an entity."""
        return api_keys.show(self.database, self.settings, request, now())

    @answers(keys.MAKE_API_KEY)
    def make_api_key(self, request: keys.MakeApiKeyRequest) -> keys.ApiKeyWithText:
        """Make an API key."""
        return api_keys.make(self.database, self.settings, request, now())

    @answers(keys.ROTATE_API_KEY)
    def rotate_api_key(self, request: keys.ChangeApiKeyRequest) -> keys.ApiKeyWithText:
        """Give an API key another text."""
        return api_keys.rotate(self.database, self.settings, request, now())

    @answers(keys.REVOKE_API_KEY)
    def revoke_api_key(self, request: keys.ChangeApiKeyRequest) -> keys.ApiKey:
        """End an API key."""
        return api_keys.revoke(self.database, self.settings, request, now())

    @answers(keys.API_KEY_HOLDER)
    def api_key_holder(self, request: keys.ApiKeyHolderRequest) -> keys.ApiKeyHolder:
        """Return whose API key it is."""
        return api_keys.holder(self.database, request, now())

    @answers(audit.IDENTITY_AUDIT)
    def audit(self, request: audit.AuditRequest) -> audit.AuditPage:
        """Return a page of the audit of people."""
        return colleagues.audit(self.database, request)

    @decides_every(seconds=3600)
    def delete_expired(self, now: datetime) -> None:
        """Delete what has no more reason to be stored."""
        upkeep.delete_expired(self.database, now)

    @every(seconds=_FETCH_LOOK_S)
    def fetch_registry(self) -> None:
        """Fetch AgID's list of identity providers every SPID_REGISTRY_REFRESH_S, where there is a file to put it in."""
        source = self.settings.registry_source
        if source.aggregate is not None and self.fetching.is_due():
            registry_refresh.refresh(source, lambda: clients.fetch_registry(source.url), now())
            self.idps.refresh(now())

    @every(seconds=300)
    def refresh_registry(self) -> None:
        """Read what changed in the list of identity providers; log an error when it is old."""
        self.idps.refresh(now())
