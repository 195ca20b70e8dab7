"""Privacy e consensi: documents in force, purposes, history, own data; behind the pagoPA logo."""

import falcon
import orjson

from contracts.rpc import identity
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.announcements import ACCOUNT_CLOSED, GRANTED, REVOKED
from gateway.web.page import Page, checked_form, see_other
from gateway.web.registration import REGISTRATION


class PrivacyPage(Page):
    """The citizen's own privacy page."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show documents, switches and the ledger of consents."""
        visit = visit_of(req)
        visit.require_citizen()
        privacy = visit.call(identity.PRIVACY, session_token=visit.session_token)
        self.site.render(req, resp, "privacy.html", privacy=privacy)


class GrantConsent(Page):
    """Concedi."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Grant one purpose."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        visit.call(identity.GRANT, session_token=visit.session_token, purpose=form.get("purpose", ""))
        see_other(resp, addresses.announcing(addresses.PRIVACY, GRANTED))


class RevokeConsent(Page):
    """Revoca: first the effect is told, then it is done."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead who reloads this address back to the page."""
        see_other(resp, addresses.PRIVACY)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Without `conferma` tell the effect; with it revoke. Revoking the registration closes the account."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        purpose = form.get("purpose", "")
        if form.get("conferma") != "si":
            self.site.render(req, resp, "revoke.html", purpose=purpose)
            return
        visit.call(identity.REVOKE, session_token=visit.session_token, purpose=purpose)
        if purpose == REGISTRATION:
            visit.forget(resp)
            see_other(resp, addresses.announcing(addresses.front(visit.visitor.entity_code), ACCOUNT_CLOSED))
        else:
            see_other(resp, addresses.announcing(addresses.PRIVACY, REVOKED))


class OwnData(Page):
    """All that identity keeps about the citizen, as a file to take away."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer JSON, indented for people."""
        visit = visit_of(req)
        visit.require_citizen()
        data = visit.call(identity.EXPORT, session_token=visit.session_token)["data"]
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header("Content-Disposition", 'attachment; filename="dati-personali.json"')
        resp.data = orjson.dumps(data, option=orjson.OPT_INDENT_2)
