"""No text of the interface is left untranslated, and none is left over."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import gateway
from contracts.errors import ErrorCode
from gateway.messages import MESSAGES, text_of
from gateway.translations import catalogue_path
from tests.unit.gateway.gateway_browser import Browser, page_of

SOURCES = Path(gateway.__file__).parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]


@pytest.fixture(name="catalogue", scope="module")
def _catalogue() -> Catalog:
    with catalogue_path("en").open("rb") as source:
        return read_po(source, locale="en")


@pytest.fixture(name="in_code", scope="module")
def _in_code() -> set[str]:
    def keys() -> Iterator[str]:
        for _file, _line, text, _comments, _context in extract_from_dir(SOURCES, METHODS, keywords=KEYWORDS):
            yield text if isinstance(text, str) else text[0]

    return set(keys())


def test_every_italian_text_has_its_english(catalogue: Catalog, in_code: set[str]):
    missing = [text for text in in_code if text not in catalogue or not catalogue[text].string]
    assert missing == []


def test_the_catalogue_holds_no_text_that_is_gone(catalogue: Catalog, in_code: set[str]):
    def key(message_id: str | Sequence[str]) -> str:
        return message_id if isinstance(message_id, str) else message_id[0]

    assert [key(message.id) for message in catalogue if message.id and key(message.id) not in in_code] == []


def test_a_translation_keeps_the_values_of_its_text(catalogue: Catalog):
    assert [str(error) for message in catalogue if message.id for error in message.check(catalogue)] == []


def test_every_error_code_has_its_sentences_in_both_languages():
    assert set(MESSAGES) == set(ErrorCode)
    for code in ErrorCode:
        italian, english = text_of(code, "it"), text_of(code, "en")
        assert italian.title != english.title
        assert italian.detail != english.detail


@pytest.mark.parametrize(
    ("preference", "language"),
    [
        ("en-GB,en;q=0.9,it;q=0.8", "en"),
        ("it-IT,it;q=0.9,en;q=0.8", "it"),
        ("de-DE,de;q=0.9,en;q=0.2", "en"),
        ("fr", "it"),
        ("en;q=0", "it"),
        ("en;q=nonsense", "it"),
        ("*", "it"),
    ],
)
def test_the_language_follows_the_browser(browser: Browser, preference: str, language: str):
    browser.language = preference
    page = page_of(browser.get("/enti/PM108"))
    assert page.get("lang") == language
    assert page.xpath("//h1")[0].text_content() == {"it": "Ricerca pratica", "en": "Find an item"}[language]


def test_the_link_in_the_header_chooses_the_language_and_stays_on_the_page(browser: Browser):
    page = page_of(browser.get("/enti/PM108/inserimento"))
    (link,) = page.xpath("//a[@hreflang='en']")
    answer = browser.get(link.get("href"))
    assert answer.headers["location"] == "/enti/PM108/inserimento#lingua-en"
    assert page_of(browser.get("/enti/PM108/inserimento")).get("lang") == "en"
    assert browser.get("/lingua/de").status_code == 404
    assert browser.get("/lingua/it?return_to=//evil.example").headers["location"] == "/#lingua-it"
