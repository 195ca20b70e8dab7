"""The identity service: its RPC entrypoints and its timer."""

from typing import Any

from chassis.clock import now
from chassis.runtime.entrypoints import answers, every
from chassis.runtime.providers import DatabaseProvider, SettingsProvider
from contracts.rpc import identity
from services.identity import models
from services.identity.settings import Settings
from services.identity.usecases import beneficiaries, calendar_feed, login, privacy, sessions, slo, upkeep


class IdentityService:
    """Who is who: SPID login, sessions, consents."""

    name = "identity"
    database = DatabaseProvider(models)
    settings = SettingsProvider(Settings.load)

    @answers(identity.PROVIDERS)
    def providers(self, _request: dict[str, Any]) -> dict[str, Any]:
        """List the identity providers to choose from."""
        return login.providers(self.settings)

    @answers(identity.METADATA)
    def metadata(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the service provider's signed metadata."""
        return login.service_provider_metadata(self.settings, request["kind"])

    @answers(identity.START_LOGIN)
    def start_login(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin a login at an identity provider."""
        return login.start(self.database, self.settings, request, now())

    @answers(identity.FINISH_LOGIN)
    def finish_login(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take the identity provider's answer and open a session."""
        return login.finish(self.database, self.settings, request, now())

    @answers(identity.SESSION)
    def session(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a live session and put its idle end off."""
        return sessions.current(self.database, self.settings, request, now())

    @answers(identity.LOGOUT)
    def logout(self, request: dict[str, Any]) -> dict[str, Any]:
        """End a session."""
        return sessions.logout(self.database, request["session_token"], now())

    @answers(identity.LOGOUT_EVERYWHERE)
    def logout_everywhere(self, request: dict[str, Any]) -> dict[str, Any]:
        """End every session of the citizen."""
        return sessions.logout_everywhere(self.database, request["session_token"], now())

    @answers(identity.SESSIONS)
    def sessions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the citizen's live sessions."""
        return sessions.show(self.database, self.settings, request["session_token"], now())

    @answers(identity.END_SESSION)
    def end_session(self, request: dict[str, Any]) -> dict[str, Any]:
        """End one of the citizen's sessions."""
        return sessions.end_one(self.database, self.settings, request, now())

    @answers(identity.BENEFICIARIES)
    def beneficiaries(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the students the citizen paid for."""
        return beneficiaries.show(self.database, request["session_token"], now())

    @answers(identity.REMEMBER_BENEFICIARY)
    def remember_beneficiary(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remember a student for the next time."""
        return beneficiaries.remember(self.database, request, now())

    @answers(identity.FORGET_BENEFICIARY)
    def forget_beneficiary(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a student."""
        return beneficiaries.forget(self.database, request, now())

    @answers(identity.CALENDAR_FEED)
    def calendar_feed(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say whether the citizen's calendar reads the due dates."""
        return calendar_feed.show(self.database, request["session_token"], now())

    @answers(identity.RENEW_CALENDAR_FEED)
    def renew_calendar_feed(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a new secret address for the citizen's calendar."""
        return calendar_feed.renew(self.database, request, now())

    @answers(identity.REVOKE_CALENDAR_FEED)
    def revoke_calendar_feed(self, request: dict[str, Any]) -> dict[str, Any]:
        """End the secret address of the citizen's calendar."""
        return calendar_feed.revoke(self.database, request["session_token"], now())

    @answers(identity.CALENDAR_READER)
    def calendar_reader(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say whose due dates a secret address is for."""
        return calendar_feed.reader(self.database, self.settings, request["feed_token"])

    @answers(identity.SLO)
    def slo(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer an identity provider's LogoutRequest."""
        return slo.answer(self.database, self.settings, request, now())

    @answers(identity.REGISTER)
    def register(self, request: dict[str, Any]) -> dict[str, Any]:
        """Acknowledge the privacy notice and choose the optional purposes."""
        return privacy.register(self.database, self.settings, request, now())

    @answers(identity.PRIVACY)
    def privacy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Show documents, consents and history."""
        return privacy.show(self.database, self.settings, request["session_token"], now())

    @answers(identity.GRANT)
    def grant(self, request: dict[str, Any]) -> dict[str, Any]:
        """Grant an optional purpose."""
        return privacy.grant(self.database, self.settings, request, now())

    @answers(identity.REVOKE)
    def revoke(self, request: dict[str, Any]) -> dict[str, Any]:
        """Revoke a purpose; `registration` closes the account."""
        return privacy.revoke(self.database, self.settings, request, now())

    @answers(identity.MAILBOX)
    def mailbox(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say where a citizen may be written to, and about what."""
        return privacy.mailbox(self.database, self.settings, request["citizen_id"])

    @answers(identity.EXPORT)
    def export(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return everything kept about the citizen."""
        return privacy.export(self.database, request["session_token"], now())

    @every(seconds=3600)
    def delete_expired(self) -> None:
        """Forget what has no more reason to be kept."""
        upkeep.delete_expired(self.database, now())

    @every(seconds=300)
    def follow_registry(self) -> None:
        """Take in what changed in the list of identity providers, and alarm when it is old."""
        self.settings.keeper.look(now())
