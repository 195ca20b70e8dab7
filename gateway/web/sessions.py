"""Accessi e dispositivi: the citizen's live sessions, ending them one by one, and staying logged in."""

from datetime import UTC, datetime

import falcon
import orjson

from contracts.rpc import identity
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.announcements import SESSION_ENDED
from gateway.web.formats import filters_of
from gateway.web.page import Page, checked_form, form_id, next_place, see_other


class SessionsPage(Page):
    """Where the citizen is logged in: when, with which level of SPID, through which identity provider."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the live sessions, this one marked. Raises Refused(LOGIN_REQUIRED)."""
        visit = visit_of(req)
        visit.require_login()
        sessions = visit.call(identity.SESSIONS, identity.TokenRequest(session_token=visit.require_token())).sessions
        self.site.render(req, resp, "sessions.html", sessions=sessions)


class EndSession(Page):
    """Esci da questo dispositivo."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End one session; its browser is out at its next request, whichever gateway answers."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_login()
        request = identity.EndSessionRequest(session_token=visit.require_token(), session_id=form_id(form.get("id")))
        visit.call(identity.END_SESSION, request)
        see_other(
            resp, addresses.announcing(addresses.SESSIONS, SESSION_ENDED, next_place(form, addresses.session_place))
        )


class ExtendSession(Page):
    """Resta connesso: a session asked for is a session used."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Put the idle end off; lead back to the page, or tell a script how long it has."""
        form = checked_form(req)
        visit = visit_of(req)
        session = visit.require_login()
        if "application/json" not in (req.get_header("Accept") or ""):
            return_to = addresses.safe_return(form.get("return_to"), addresses.SESSIONS)
            see_other(resp, addresses.at_place(return_to, addresses.SESSION_PLACE))
            return
        left = session.idle_until - datetime.now(UTC)
        facts = {
            "seconds_left": int(left.total_seconds()),
            "until": filters_of(visit.language)["clock"](session.idle_until),
        }
        resp.content_type = falcon.MEDIA_JSON
        resp.data = orjson.dumps(facts)
