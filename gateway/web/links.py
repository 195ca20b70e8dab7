"""Links that lead to practices without login: a body's to pay one, and who inserted without login's to come back.

A link is random and says nothing about anybody. Opening it lets this browser see what it leads to, and goes on to an
address without it: so it stands in no page's address, and no other site is told of it.
"""

from http import HTTPStatus
from typing import Final
from uuid import UUID

import falcon

from contracts.error_details import InvalidRequest, detail_of
from contracts.errors import ErrorCode, Refused, RpcError, Unavailable
from contracts.rpc import notices, practices
from contracts.rpc.practices import OpenedLink
from gateway.edge.rates import EMAIL, LINK
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import PRIVATE_LINK_REVOKED, PRIVATE_LINK_SENT
from gateway.web.emails import email_error
from gateway.web.notice_code import NoticeCode, write_notice_code
from gateway.web.page import Page, checked_form, cleaned, see_other
from gateway.web.practice_lookup import one_practice

_TOKEN_MAX_CHARS: Final = 128
_LINK_EMAIL_FIELD: Final = "link_email"
_NO_EMAIL: Final = _("Scrivi l'indirizzo e-mail a cui mandare il link.")
_NOT_SENT: Final = _("In questo momento non riusciamo a mandare e-mail: copia il link, o riprova tra poco.")
_NOT_THERE: Final = _("Il server di posta dice che questo indirizzo non esiste: controllalo.")


class PayLink(Page):
    """/paga/TOKEN: from a mail, from paper or from the entity's site to the page of one practice, with Paga."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Let this browser see the practice as whoever has its notice number does. Raises Refused(LINK_NOT_VALID)."""
        opened = _opened(self, req, resp, token, "pay")
        visit_of(req).grant(opened.practice_ids)
        see_other(resp, addresses.practice(opened.entity_code, opened.practice_ids[0]))


class PrivateLink(Page):
    """/privato/TOKEN: back to what somebody inserted without login: the list, to pay, to print, and its receipts."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Let this browser see the practices whole, and list them. Raises Refused(LINK_NOT_VALID)."""
        opened = _opened(self, req, resp, token, "private")
        visit = visit_of(req)
        visit.grant(opened.practice_ids, identified=True)
        visit.browser.remember_private_link(token)
        see_other(resp, addresses.results(opened.entity_code))


class RevokePrivateLink(Page):
    """Revoca: whoever has the link finds nothing any more."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead who reloads this address on."""
        see_other(resp, addresses.front(visit_of(req).browser.visitor.entity_code))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Revoke the one that this browser remembers."""
        checked_form(req)
        visit = visit_of(req)
        visitor = visit.browser.visitor
        if visitor.private_token:
            visit.call(practices.REVOKE_PRIVATE_LINK, practices.LinkRequest(link_token=visitor.private_token))
            visit.browser.remember_private_link(None)
        see_other(resp, addresses.announcing(addresses.front(visitor.entity_code), PRIVATE_LINK_REVOKED))


class PrivateLinkMail(Page):
    """Mandami il link: by e-mail, to an address that is used this once and stored nowhere."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Lead who reloads this address back to the page."""
        see_other(resp, addresses.notice_code(entity, practice_id))

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Send it; else show the page again with what is wrong."""
        form = checked_form(req)
        self.site.rates.check(req, EMAIL)
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        practice = one_practice(visit, entity, practice_id)
        email = cleaned(form, _LINK_EMAIL_FIELD)
        error = _send(visit, entity, email)
        if error is None:
            address = addresses.notice_code(entity, practice_id)
            see_other(resp, addresses.announcing(address, PRIVATE_LINK_SENT, addresses.PRIVATE_LINK_PLACE))
            return
        page = NoticeCode(practice, link_email=email, errors={_LINK_EMAIL_FIELD: error})
        write_notice_code(self.site, req, resp, found_entity, page, HTTPStatus.UNPROCESSABLE_ENTITY)


def make_private_link(visit: Visit, practice_id: UUID) -> None:
    """Make the link back to what this browser has inserted, this practice first, and remember it.

    Nothing that was inserted fails for it: without a link there is still the notice number.
    """
    others = [one for one in visit.browser.visitor.granted if one in visit.browser.visitor.identified]
    wanted = list(dict.fromkeys([practice_id, *others]))[: practices.PRIVATE_LINK_PRACTICES_MAX]
    request = practices.PrivateLinkRequest(viewer=visit.viewer, practice_ids=wanted)
    try:
        made = visit.call(practices.MAKE_PRIVATE_LINK, request)
    except RpcError:
        # One that is remembered from before may lead elsewhere: to what another has inserted.
        visit.browser.remember_private_link(None)
        return
    visit.browser.remember_private_link(made.link_token)


def _opened(page: Page, req: falcon.Request, resp: falcon.Response, token: str, kind: str) -> OpenedLink:
    """Return what a link of this kind leads to. Raises Refused: TOO_MANY_REQUESTS, LINK_NOT_VALID."""
    resp.set_header("Referrer-Policy", "no-referrer")
    resp.set_header("X-Robots-Tag", "noindex")
    page.site.rates.check(req, LINK)
    if len(token) > _TOKEN_MAX_CHARS:
        raise Refused(ErrorCode.LINK_NOT_VALID)
    opened = visit_of(req).call(practices.OPEN_LINK, practices.LinkRequest(link_token=token))
    if opened.kind != kind:
        raise Refused(ErrorCode.LINK_NOT_VALID)
    return opened


def _send(visit: Visit, entity_code: str, email: str) -> str | None:
    """Send the link of this browser; return what is wrong, in Italian."""
    token = visit.browser.visitor.private_token
    if not email or not token:
        return _NO_EMAIL
    if wrong := email_error(email, reminders=True):
        return wrong
    request = notices.LinkMailRequest(entity_code=entity_code, email=email, link_token=token, language=visit.language)
    try:
        visit.call(notices.MAIL_LINK, request)
    except Unavailable:
        return _NOT_SENT
    except Refused as refusal:
        if detail_of(refusal, InvalidRequest) is None:
            raise
        return _NOT_THERE
    return None
