"""axe-core finds nothing on any page of the portal, its sandbox and its API documentation, in any state they take.

Each test walks through a part of the pages and says at the end what was found, so that one run names everything.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.accessibility import LANGUAGES, Audit
from tests.browser.conftest import Portal
from tests.browser.test_browser_journey import log_in

OpenBrowser = Callable[..., Page]

WAIT_MS = 30_000
# Some hundred views: it takes as long as it takes.
pytestmark = pytest.mark.timeout(600)
GIULIA = {"full_name": "Bianchi Giulia", "fiscal_code": "BNCGLI82D63L049K"}
CREDITOR = "80012345676"


class Walk:
    """One browser that goes from state to state; axe looks at each, in both languages and at both widths."""

    def __init__(self, portal: Portal, page: Page, audit: Audit) -> None:
        self.portal = portal
        self.page = page
        self._audit = audit
        self._states: list[str] = []

    def at(self, path: str, state: str) -> None:
        """Open an address and look."""
        self.page.goto(path if path.startswith("http") else f"{self.portal.url}{path}")
        self.here(state)

    def here(self, state: str) -> None:
        """Look at the page as it is; a reload brings it again."""
        self._states.append(state)
        self._audit.look_in_both_languages(self.page, state)

    def once(self, state: str) -> None:
        """Look at a page that no reload brings again."""
        self._states.append(state)
        self._audit.look(self.page, state)

    def send(self, selector: str, **fields: str) -> None:
        """Fill fields in and press the button of a form."""
        for name, value in fields.items():
            self.page.locator(f"{selector} [name={name}]").fill(value)
        self.page.locator(f"{selector} button[type=submit]").last.click()
        self.page.wait_for_load_state()

    def in_italian(self) -> None:
        """Go on in Italian."""
        self.page.context.add_cookies([{"name": "lang", "value": "it", "url": self.portal.url}])

    def problems(self) -> list[str]:
        """All that was found."""
        return [problem for state in self._states for problem in self._audit.problems_of(state)]


@pytest.fixture
def walk(portal: Portal, open_browser: OpenBrowser, audit: Audit) -> Iterator[Walk]:
    walk = Walk(portal, open_browser(), audit)
    yield walk
    assert walk.problems() == []


def debt(portal: Portal, **changes: Any) -> dict[str, Any]:
    """Let the entity ask Giulia for something; each amount once, so that no two look like the same payment."""
    debt.amount += 100  # type: ignore[attr-defined]
    content = {
        **GIULIA,
        "service_code": "RETTA",
        "amount_cents": debt.amount,  # type: ignore[attr-defined]
        "description": "Retta di frequenza, primo quadrimestre",
        "due_date": (date.today() + timedelta(days=30)).isoformat(),  # noqa: DTZ011 -- any day ahead will do
        **changes,
    }
    return portal.put_debt(uuid4().hex[:12], **content)


debt.amount = 30_000  # type: ignore[attr-defined]


def pay_at_the_counter(portal: Portal, practice: dict[str, Any], outcome: str = "paid", psp: str = "") -> None:
    asked = {
        "creditor_fiscal_code": CREDITOR,
        "notice_number": practice["notice_number"],
        "outcome": outcome,
        "psp": psp,
    }
    answer = requests.post(f"{portal.pagopa_url}/sandbox/payments", json=asked, timeout=20)
    assert answer.ok, answer.text


def api(portal: Portal, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {portal.api_key}", **options.pop("headers", {})}
    answer = requests.request(method, f"{portal.url}/api/v1{path}", headers=headers, timeout=20, **options)
    assert answer.ok, answer.text
    return answer


def test_axe_finds_nothing_on_the_pages_for_everybody(walk: Walk) -> None:
    walk.at("/", "pagina iniziale")
    walk.at("/non/esiste", "pagina che non esiste")
    walk.at("/enti/NESSUNO", "ente che non esiste")
    walk.at("/informativa-privacy", "informativa")
    walk.at("/accessibilita", "accessibilità")
    walk.at("/verifica", "verifica")
    walk.at("/verifica/7Q2MK0ZC9XW4", "verifica, non autentico")
    walk.at("/enti/PM108", "ricerca")
    walk.send("form[action$='/ricerca']", fiscal_code="SBAGLIATO")
    walk.here("ricerca, errori")
    walk.at("/enti/PM108/inserimento", "servizi")
    walk.at("/enti/PM108/carrello", "carrello vuoto")
    walk.at("/spid/login?entity=PM108", "accesso")
    for service in ("CONTRIB_ST", "BOLLO_ST"):
        walk.at(f"/enti/PM108/inserimento/{service}", f"inserimento anonimo {service}")
    walk.send("main form.portal-card", amount="sbagliato")
    walk.here("inserimento anonimo, errori")


def test_axe_finds_nothing_on_the_documentation_of_the_api(walk: Walk) -> None:
    for path, state in (("/api/docs", "API"), ("/api/docs/events", "API, eventi")):
        walk.page.goto(f"{walk.portal.url}{path}")
        walk.once(state)


def test_axe_finds_nothing_where_somebody_pays_without_login(walk: Walk) -> None:
    portal, page = walk.portal, walk.page
    practice, other = debt(portal), debt(portal)
    for one in (other, practice):
        page.goto(f"{portal.url}/enti/PM108")
        walk.send("form[action$='/ricerca']", notice_number=one["notice_number"])
    walk.here("risultati")
    walk.at(f"/enti/PM108/pratiche/{practice['id']}", "pratica da pagare, non tutta visibile")
    page.locator("main form[action$='/carrello/aggiungi'] button").first.click()
    walk.here("pratica aggiunta al carrello")
    page.locator(f"form[action$='/{practice['id']}/paga'] button").first.click()
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)))
    walk.once("sandbox: Checkout")
    checkout_url = page.url
    page.locator("button[value=refused]").click()
    page.wait_for_url(re.compile("/esito/"))
    walk.here("esito: non riuscito")
    page.goto(checkout_url)
    walk.once("sandbox: Checkout concluso")
    for outcome, state in (("abandoned", "annullato"), ("pending", "in attesa")):
        page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
        page.locator(f"form[action$='/{practice['id']}/paga'] button").first.click()
        page.locator(f"button[value={outcome}]").click()
        page.wait_for_url(re.compile("/esito/"))
        walk.here(f"esito: {state}")
    walk.at(f"/enti/PM108/pratiche/{practice['id']}", "pratica non confermata")
    walk.at(f"/enti/PM108/pratiche/{other['id']}/codice", "codice avviso da conservare")
    walk.send("main form.portal-form", email="non-un-indirizzo")
    walk.here("codice avviso, errori")


def test_axe_finds_nothing_on_a_citizens_pages(walk: Walk) -> None:
    portal, page = walk.portal, walk.page
    log_in(page, portal, "Giulia Bianchi")
    page.wait_for_url(re.compile("/profilo/registrazione"))
    walk.here("registrazione")
    walk.in_italian()
    walk.send("main form.portal-card")
    walk.here("registrazione, errori")
    page.locator("input[name=acknowledged]").check()
    page.locator("input[name=purpose_email_reminders]").check()
    walk.send("main form.portal-card", email="giulia.bianchi@posta.example")
    _the_states_of_a_practice(walk)
    walk.at("/enti/PM108/pratiche", "pratiche")
    walk.at("/enti/PM108/pratiche?stato=reported", "pratiche di uno stato")
    walk.at("/enti/PM108/storico", "storico")
    walk.at("/enti/PM108/storico?anno=2017", "storico di un anno senza pagamenti")
    _the_insertion(walk)
    _the_cart(walk)
    _the_profile(walk)


def _the_states_of_a_practice(walk: Walk) -> None:
    portal, page = walk.portal, walk.page
    to_pay, paid, twice, settled, withdrawn = debt(portal), debt(portal), debt(portal), debt(portal), debt(portal)
    late = debt(portal, service_code="MENSA", due_date=(date.today() - timedelta(days=3)).isoformat())  # noqa: DTZ011 -- any day past will do
    pay_at_the_counter(portal, paid)
    pay_at_the_counter(portal, twice, "two_psps")
    pay_at_the_counter(portal, settled)
    api(portal, "DELETE", f"/creditors/PM108/debts/{withdrawn['external_id']}", json={"reason": "Emesso per errore"})
    for one, label in ((paid, "Pagato"), (twice, "Pagato"), (settled, "Pagato"), (withdrawn, "Annullato")):
        _until_it_is(page, portal, one, label)
    _settle(walk)
    _until_it_is(page, portal, settled, "Rendicontato")
    for one, state in (
        (to_pay, "da pagare"),
        (paid, "pagata"),
        (twice, "pagata due volte"),
        (settled, "rendicontata"),
        (withdrawn, "annullata"),
        (late, "scaduta"),
    ):
        walk.at(f"/enti/PM108/pratiche/{one['id']}", f"pratica {state}")


def _until_it_is(page: Page, portal: Portal, practice: dict[str, Any], label: str) -> None:
    def is_so() -> bool:
        page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
        return label in page.locator(".portal-states").first.inner_text()

    for _ in range(WAIT_MS // 250):
        if is_so():
            return
        page.wait_for_timeout(250)
    pytest.fail(f"{practice['description']} never became {label}")


def _settle(walk: Walk) -> None:
    portal, page = walk.portal, walk.page
    page.goto(f"{portal.pagopa_url}/settlements")
    walk.once("sandbox: flussi")
    for link in page.locator("tbody a").all():
        flow = requests.get(f"{portal.pagopa_url}{link.get_attribute('href')}", timeout=20)
        content = {"data": flow.content, "headers": {"Content-Type": "application/xml"}}
        api(portal, "POST", "/creditors/PM108/settlements", **content)


def _the_insertion(walk: Walk) -> None:
    for service in ("CONTRIB_IT", "BOLLO_IT", "CERT_MBD"):
        walk.at(f"/enti/PM108/inserimento/{service}", f"inserimento {service}")
    walk.send("main form.portal-card", amount="sbagliato")
    walk.here("inserimento, errori")


def _the_cart(walk: Walk) -> None:
    portal, page = walk.portal, walk.page
    walk.in_italian()
    for _ in range(5):
        practice = debt(portal)
        page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
        page.locator("main form[action$='/carrello/aggiungi'] button").first.click()
        page.wait_for_url(re.compile("messaggio="))
    walk.at("/enti/PM108/carrello", "carrello pieno")
    page.locator("form[action$='/carrello/paga'] button").click()
    expect(page).to_have_url(re.compile(re.escape(portal.pagopa_url)))
    page.goto(f"{portal.url}/enti/PM108/pratiche/{practice['id']}")
    page.locator(f"form[action$='/{practice['id']}/paga'] button").first.click()
    walk.here("pagamento già in corso")
    page.locator("main a[href*='/esito/']").click()
    walk.here("esito: non concluso")
    page.locator(f"main a[href^='{portal.pagopa_url}']").click()
    page.locator("button[value=paid]").click()
    page.wait_for_url(re.compile("/esito/"))
    expect(page.locator("a[href$='quietanza.pdf']").first).to_be_visible(timeout=WAIT_MS)
    walk.here("esito: pagato")
    same = debt(portal, amount_cents=practice["amount_cents"])
    page.goto(f"{portal.url}/enti/PM108/pratiche/{same['id']}")
    page.locator(f"form[action$='/{same['id']}/paga'] button").first.click()
    walk.here("forse già pagato")


def _the_profile(walk: Walk) -> None:
    portal, page = walk.portal, walk.page
    walk.at("/profilo/privacy", "privacy")
    walk.at("/profilo/accessi", "accessi")
    for purpose in ("registration", "email_reminders"):
        page.goto(f"{portal.url}/profilo/privacy")
        page.locator(f"form[action$='/revoca']:has(input[value={purpose}]) button").click()
        walk.here(f"revoca di {purpose}")
    page.goto(f"{portal.url}/profilo/privacy")
    page.locator("form[action$='/calendario/crea'] button").click()
    walk.here("indirizzo del calendario")


def test_axe_finds_nothing_where_a_login_fails(walk: Walk) -> None:
    for outcome in ("errore 25", "di livello 1"):
        walk.in_italian()
        walk.page.context.clear_cookies(name="lang")
        log_in(walk.page, walk.portal, "Luca Verdi", outcome=outcome)
        walk.page.wait_for_url(f"{walk.portal.url}/spid/acs")
        walk.here(f"accesso non riuscito: {outcome}")


def test_axe_finds_nothing_in_the_sandbox(walk: Walk, open_browser: OpenBrowser, audit: Audit) -> None:
    portal, page = walk.portal, walk.page
    practice = debt(portal)
    for path, state in (("/", "inizio"), ("/psp", "sportello"), ("/psp/spontaneo", "spontaneo"), ("/nulla", "assente")):
        page.goto(f"{portal.pagopa_url}{path}")
        walk.once(f"sandbox: {state}")
    page.goto(f"{portal.pagopa_url}/psp/spontaneo")
    page.locator("main form button").click()
    walk.once("sandbox: spontaneo, errori")
    for number, state in ((practice["notice_number"], "avviso"), ("123", "avviso sbagliato")):
        page.goto(f"{portal.pagopa_url}/psp")
        page.locator("[name=avviso]").fill(number)
        page.locator("main form button").click()
        walk.once(f"sandbox: {state}")
    for state in ("avviso pagato", "avviso rifiutato"):
        page.goto(f"{portal.pagopa_url}/psp")
        page.locator("[name=avviso]").fill(practice["notice_number"])
        page.locator("main form button").click()
        if state == "avviso pagato":
            page.locator("main form button").click()
        walk.once(f"sandbox: {state}")
    page.goto(f"{portal.pagopa_url}/transactions")
    walk.once("sandbox: transazioni")
    page.goto(f"{portal.pagopa_url}/settlements")
    walk.once("sandbox: flussi con righe")
    _the_mails(walk)
    _the_identity_providers(walk, open_browser(javascript=False), audit)


def _the_mails(walk: Walk) -> None:
    page, url = walk.page, walk.portal.mail_url
    page.goto(url)
    walk.once("sandbox: posta")
    address = page.locator("main li a").first.get_attribute("href")
    for ending, state in (("", "messaggio"), ("/html", "messaggio in HTML")):
        page.goto(f"{url}{address}{ending}")
        walk.once(f"sandbox: {state}")


def _the_identity_providers(walk: Walk, page: Page, audit: Audit) -> None:
    portal = walk.portal
    for language in LANGUAGES:
        for path, state in (("/", "SPID"), ("/prova-1/sso", "SPID, richiesta illeggibile"), ("/x", "SPID, assente")):
            walk.page.goto(f"{portal.spid_url}{path}?lang={language}")
            walk.once(f"sandbox: {state}")
    page.goto(f"{portal.url}/spid/login?entity=PM108")
    page.get_by_role("link", name="SPID di prova 2").click()
    audit.look(page, "accesso per HTTP-POST")
    page.locator("main form button").click()
    audit.look(page, "sandbox: accesso")
    page.locator("main form button").click()
    audit.look(page, "sandbox: risposta")
    for state in ("accesso per HTTP-POST", "sandbox: accesso", "sandbox: risposta"):
        assert audit.problems_of(state) == []
