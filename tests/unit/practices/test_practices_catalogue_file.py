"""Texts of a catalogue reach the node and paper in one line, or the file is refused with the place."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from services.practices import catalogue_file

CATALOGUE: dict[str, Any] = json.loads((Path(__file__).parents[3] / "sandbox/data/catalogue.json").read_text())
CASE = Path(__file__).parents[4] / "shared" / "cases" / "b38-company-name-line-breaks.json"


def with_name(name: str) -> dict[str, Any]:
    document = deepcopy(CATALOGUE)
    document["entities"][0]["creditor"]["company_name"] = name
    return document


@pytest.mark.parametrize(
    "name",
    [
        "Conservatorio\ndi Musica\n\nProva",
        "  Conservatorio di Musica Prova\t",
        "Conservatorio\r\ndi Musica\u00a0Prova",
        "Conservatorio di\u200b Musica\u2028Prova",
    ],
)
def test_line_breaks_padding_and_invisible_characters_are_trimmed(name: str) -> None:
    read = catalogue_file.read(with_name(name)).entities[0].creditor.company_name
    assert read == "Conservatorio di Musica Prova"


def test_titles_notes_and_ibans_are_trimmed_too() -> None:
    document = deepcopy(CATALOGUE)
    entity = document["entities"][0]
    iban = entity["iban"]
    entity["iban"] = f" {iban}\n"
    entity["services"][0]["title"]["it"] = "Imposta\ndi bollo "
    read = catalogue_file.read(document).entities[0]
    assert (read.iban, read.services[0].title.it) == (iban, "Imposta di bollo")


def test_control_characters_refuse_the_file_with_the_place_and_what_to_do() -> None:
    with pytest.raises(ValidationError, match=r"entities\[0\].creditor.company_name: .*write the text again"):
        catalogue_file.read(with_name("Conservatorio\x00"))


def test_the_case_from_the_field_is_trimmed() -> None:
    if not CASE.exists():
        pytest.skip(f"{CASE} is not here")
    read = catalogue_file.read(json.loads(CASE.read_text())).entities[0].creditor.company_name
    assert read == "Conservatorio di Musica Prova"
