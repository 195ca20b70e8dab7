"""The portal's own front page, and what stands on every page: bodies, verification, one order of names, plurals."""

from contracts.errors import Unavailable
from contracts.rpc import practices
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import CITIZEN_ID, Services, make_practice


def test_the_front_page_lists_the_bodies(browser: Browser):
    page = page_of(browser.get("/"))
    (link,) = page.xpath("//main//li//a")
    assert (link.get("href"), link.text_content()) == ("/enti/PM108", "Conservatorio di Musica «Niccolò Jommelli»")


def test_the_front_page_goes_on_with_the_code_alone_while_the_bodies_are_not_known(
    browser: Browser, services: Services
):
    services.failures[practices.ENTITIES.name] = Unavailable()
    answer = browser.get("/")
    assert "Se conosci il codice dell'ente" in text_of(answer)
    assert page_of(answer).xpath("//form//input[@name='codCompany']")


def test_the_verification_of_documents_is_linked_on_every_page(browser: Browser):
    for path in ("/", "/enti/PM108", "/enti/PM108/inserimento", "/made/up"):
        assert page_of(browser.get(path)).xpath("//footer//a[@href='/verifica']")


def test_names_stand_in_one_order_family_name_first(browser: Browser):
    browser.log_in()
    page = page_of(browser.get("/enti/PM108/inserimento/BOLLO_IT"))
    shown = [" ".join(one.text_content().split()) for one in page.xpath("//header//a[@href='/profilo/privacy']/span")]
    assert shown == ["Rossi Mario"]
    facts = {row.xpath("string(dt)"): row.xpath("string(dd)") for row in page.xpath("//form//dl/div")}
    assert facts["Cognome e Nome"] == "Rossi Mario"
    assert "Mario Rossi" not in page.text_content()


def test_one_practice_is_told_of_as_one(browser: Browser, services: Services):
    first, second = make_practice(1), make_practice(2)
    services.add(first, second)
    browser.log_in()
    for paid, sentence in (([first], "la pratica qui sotto è pagata"), ([first, second], "sotto sono pagate")):
        ids = [one.id for one in paid]
        checkout = services.make_checkout(ids, f"citizen:{CITIZEN_ID}", paid=ids, state="paid")
        assert sentence in text_of(browser.get(f"/enti/PM108/esito/{checkout.id}"))
    browser.submit("/enti/PM108/ricerca", notice_number=first.notice_number)
    assert page_of(browser.get("/enti/PM108/risultati")).xpath("string(//h1)") == "Pratica trovata"
