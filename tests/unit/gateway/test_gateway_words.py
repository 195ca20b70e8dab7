"""No word of the trade stands on a page without its plain word, in either language."""

import re
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from contracts.errors import ErrorCode
from gateway.messages import MESSAGES
from gateway.translations import catalogue_path

# A word of the trade -> what must stand in the same text; None: it may not stand there at all.
ITALIAN: Final = {
    r"pa(Send|Get|Verify|Demand)\w+|paForNode|RPT\b|\bRT\b|\bWISP\b|\bPSP\b": None,
    r"\bnodo\b": None,
    r"prestator\w+ di servizi": r"banc[ah]",
    r"flusso di rendicontazione": r"elenco",
    r"ricevuta telematica": r"ricevuta del pagamento",
    r"SHA-256": r"[Ii]mpronta",
    r"\bIUBD?\b|\bIUV\b": r"[Cc]odice|IUBD?|cifre",
    r"\bIBAN\b": r"cont[oi]",
    r"\bSAML\b|\bIdP\b|\bSLO\b|\btoken\b|\bcheckout\b": None,
}
ENGLISH: Final = {
    r"pa(Send|Get|Verify|Demand)\w+|\bRPT\b|\bRT\b|\bWISP\b|\bPSP\b": None,
    r"\bnode\b": None,
    r"payment service provider": r"bank",
    r"settlement flow": r"list",
    r"electronic receipt": r"payment receipt",
    r"SHA-256": r"[Ff]ingerprint",
    r"\bIUBD\b": r"[Cc]ode",
    r"\bSAML\b|\bIdP\b|\bSLO\b|\btoken\b|\bcheckout\b": None,
}
# A column of the portal before this one, whose users know it by this name.
OLD_NAMES: Final = {"Riferimento Pratica / IUV"}
# What only the entity's own software is told, by the API.
FOR_OFFICES: Final = {
    text
    for code in ErrorCode
    if code.value.startswith(("import_", "settlement_", "api_key", "scope_"))
    for text in (MESSAGES[code].sentence, MESSAGES[code].next_step)
}


@pytest.fixture(name="catalogue", scope="module")
def _catalogue() -> Catalog:
    with Path(catalogue_path("en")).open("rb") as source:
        return read_po(source, locale="en")


def texts_of(catalogue: Catalog, *, english: bool) -> list[str]:
    found: list[str] = []
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        if not key or key in FOR_OFFICES | OLD_NAMES:
            continue
        said = message.string if english else message.id
        found += [said] if isinstance(said, str) else list(said or ())
    return found


def without_plain_word(texts: list[str], words: dict[str, str | None]) -> list[str]:
    return [
        text
        for text in texts
        for trade, plain in words.items()
        if re.search(trade, text) and (plain is None or not re.search(plain, text))
    ]


def test_no_jargon_without_its_plain_word(catalogue: Catalog):
    assert without_plain_word(texts_of(catalogue, english=False), ITALIAN) == []
    assert without_plain_word(texts_of(catalogue, english=True), ENGLISH) == []


def test_jargon_would_be_found():
    assert without_plain_word(["La RT è arrivata dal nodo."], ITALIAN)
    assert without_plain_word(["A payment service provider asked."], ENGLISH)
    assert not without_plain_word(["Una banca, o un altro prestatore di servizi di pagamento"], ITALIAN)
