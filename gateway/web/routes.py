"""Where each page stands."""

import falcon

from gateway.web import addresses
from gateway.web.beneficiaries import ForgetBeneficiary
from gateway.web.calendar import DueDateEntry
from gateway.web.calendar_feed import CalendarFeed, RenewCalendarFeed, RevokeCalendarFeed
from gateway.web.cart import AddToCart, CartPage, ClearCart, PayCart, RemoveFromCart
from gateway.web.checkout import PayPractice
from gateway.web.colours import ColoursSheet
from gateway.web.documents import CartReceiptPdf, NoticePdf, ReceiptPdf, StampXml
from gateway.web.insertion import InsertionPage, ServicesPage
from gateway.web.links import PayLink, PrivateLink, PrivateLinkMail, RevokePrivateLink
from gateway.web.login import AssertionConsumer, LoginPage, Logout, Metadata, SingleLogout
from gateway.web.notice_code import NoticeCodePage
from gateway.web.outcome import OutcomePage
from gateway.web.page import Page
from gateway.web.paid_year import PaidYearPdf, PaidYearTable
from gateway.web.practice import PracticePage
from gateway.web.practices import HistoryPage, PracticesPage
from gateway.web.privacy import GrantConsent, OwnData, PrivacyPage, RevokeConsent
from gateway.web.refund import RefundPage
from gateway.web.registration import RegistrationPage
from gateway.web.search import DirectSearch, HomePage, ResultsPage, SearchAction, SearchPage
from gateway.web.sessions import EndSession, ExtendSession, SessionsPage
from gateway.web.site import Site
from gateway.web.site_pages import LanguageChoice, TextPage
from gateway.web.verification import VerificationPage

_ENTITY = "/enti/{entity}"
_PRACTICE = f"{_ENTITY}/pratiche/{{practice_id:uuid}}"


def add_routes(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    """Register every page."""
    add(app, addresses.HOME, HomePage(site))
    add(app, addresses.DIRECT_SEARCH, DirectSearch(site))
    add(app, "/lingua/{code}", LanguageChoice(site))
    add(app, addresses.PRIVACY_NOTICE, TextPage(site, "privacy_notice.html"))
    add(app, addresses.ACCESSIBILITY, TextPage(site, "accessibility.html"))
    add(app, addresses.VERIFICATION, VerificationPage(site))
    add(app, f"{addresses.VERIFICATION}/{{code}}", VerificationPage(site))
    _add_login(app, site)
    _add_entity(app, site)
    _add_links(app, site)


def _add_login(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    add(app, addresses.LOGIN, LoginPage(site))
    add(app, "/spid/metadata", Metadata(site, "spid"))
    add(app, "/cie/metadata", Metadata(site, "cie"))
    add(app, "/spid/acs", AssertionConsumer(site))
    add(app, "/spid/slo", SingleLogout(site))
    add(app, addresses.LOGOUT, Logout(site))
    add(app, addresses.REGISTRATION, RegistrationPage(site))
    add(app, addresses.SESSIONS, SessionsPage(site))
    add(app, addresses.SESSION_END, EndSession(site))
    add(app, addresses.SESSION_EXTEND, ExtendSession(site))
    add(app, addresses.BENEFICIARY_FORGET, ForgetBeneficiary(site))
    add(app, addresses.PRIVACY, PrivacyPage(site))
    add(app, addresses.PRIVACY_GRANT, GrantConsent(site))
    add(app, addresses.PRIVACY_REVOKE, RevokeConsent(site))
    add(app, addresses.PRIVACY_EXPORT, OwnData(site))
    add(app, addresses.CALENDAR_RENEW, RenewCalendarFeed(site))
    add(app, addresses.CALENDAR_REVOKE, RevokeCalendarFeed(site))
    add(app, addresses.calendar_feed("{token}"), CalendarFeed(site))


def _add_links(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    add(app, addresses.pay_link("{token}"), PayLink(site))
    add(app, addresses.private_link("{token}"), PrivateLink(site))
    add(app, addresses.PRIVATE_LINK_REVOKE, RevokePrivateLink(site))
    add(app, f"{_PRACTICE}/link", PrivateLinkMail(site))


def _add_entity(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    add(app, _ENTITY, SearchPage(site))
    add(app, f"{_ENTITY}/colori.css", ColoursSheet(site))
    add(app, f"{_ENTITY}/ricerca", SearchAction(site))
    add(app, f"{_ENTITY}/risultati", ResultsPage(site))
    add(app, f"{_ENTITY}/pratiche", PracticesPage(site))
    add(app, f"{_ENTITY}/storico", HistoryPage(site))
    add(app, f"{_ENTITY}/storico/730-{{year}}.csv", PaidYearTable(site))
    add(app, f"{_ENTITY}/storico/730-{{year}}.pdf", PaidYearPdf(site))
    add(app, f"{_ENTITY}/inserimento", ServicesPage(site))
    add(app, f"{_ENTITY}/inserimento/{{service}}", InsertionPage(site))
    add(app, _PRACTICE, PracticePage(site))
    add(app, f"{_PRACTICE}/codice", NoticeCodePage(site))
    add(app, f"{_PRACTICE}/paga", PayPractice(site))
    add(app, f"{_PRACTICE}/bollettino.pdf", NoticePdf(site))
    add(app, f"{_PRACTICE}/quietanza.pdf", ReceiptPdf(site))
    add(app, f"{_PRACTICE}/marca-da-bollo.xml", StampXml(site))
    add(app, f"{_PRACTICE}/scadenza.ics", DueDateEntry(site))
    add(app, f"{_PRACTICE}/rimborso/{{case_id:uuid}}", RefundPage(site))
    add(app, f"{_ENTITY}/carrello", CartPage(site))
    add(app, f"{_ENTITY}/carrello/aggiungi", AddToCart(site))
    add(app, f"{_ENTITY}/carrello/rimuovi", RemoveFromCart(site))
    add(app, f"{_ENTITY}/carrello/pulisci", ClearCart(site))
    add(app, f"{_ENTITY}/carrello/paga", PayCart(site))
    add(app, f"{_ENTITY}/esito/{{checkout_id:uuid}}", OutcomePage(site))
    add(app, f"{_ENTITY}/esito/{{checkout_id:uuid}}/quietanza.pdf", CartReceiptPdf(site))


def add(app: falcon.App[falcon.Request, falcon.Response], path: str, page: Page) -> None:
    """Register a page; HEAD answers as GET does, without the body."""
    if hasattr(page, "on_get"):
        page.on_head = page.on_get  # type: ignore[attr-defined]  # -- Falcon does not derive HEAD
    app.add_route(path, page)
