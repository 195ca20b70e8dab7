"""A catalogue as YAML, a file an entity: read as it is written, mistakes named by line, written so that it loads."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.practices import catalogue_content, catalogue_document, catalogue_file, catalogue_mistakes
from services.practices.__main__ import main
from services.practices.catalogue_document import UnreadableError
from services.practices.domain.contrast import contrast

DATA = Path(__file__).parents[3] / "sandbox" / "data"
FOLDER = DATA / "catalogue"
BORGO = (FOLDER / "BORGO.yaml").read_text()
TAXONOMY = Path(__file__).parents[4] / "shared" / "specs" / "pagopa" / "taxonomy" / "tassonomia.json"


def entities_of(text: str) -> list[catalogue_file.FileEntity]:
    return list(catalogue_file.read(catalogue_document.read(text, is_json=False).content).entities)


def mistakes(text: str, name: str = "x.yaml") -> list[tuple[int | None, str, str]]:
    found = catalogue_mistakes.of_text(name, text)
    assert all(one.remedy and str(one).startswith(name) for one in found)
    return [(one.line, one.place, one.problem) for one in found]


def line_of(text: str, fragment: str) -> int:
    return text[: text.rindex(fragment)].count("\n") + 1


def test_the_catalogue_of_the_sandbox_is_good_and_says_in_yaml_what_it_says_in_json(capsys: Any) -> None:
    assert main(["check-catalogue", str(FOLDER)]) == 0
    assert "no mistakes" in capsys.readouterr().out
    as_json = catalogue_file.read(json.loads((DATA / "catalogue.json").read_text())).entities
    for entity in as_json:
        assert entities_of((FOLDER / f"{entity.code}.yaml").read_text()) == [entity]


def test_the_comune_of_the_sandbox_bills_taxes_meals_fines_and_concessions() -> None:
    (comune,) = entities_of(BORGO)
    assert [service.code for service in comune.services] == [
        *("TARI", "MENSA", "MULTE", "COSAP", "CIE", "LAMPADE", "INGIUNZIONI", "IMU"),
    ]
    assert [choice.cents for choice in comune.services[1].choices] == [2_250, 9_000, 18_000]
    assert comune.segregation_code == "03"
    assert (DATA / "logos" / (comune.logo or "")).is_file()


@pytest.mark.skipif(not TAXONOMY.is_file(), reason="the official taxonomy is not here")
def test_every_category_of_the_comune_stands_in_the_official_taxonomy() -> None:
    (comune,) = entities_of(BORGO)
    official = TAXONOMY.read_text()
    # The prefix says what pagoPA may do with a request to pay; the official ones all have the usual.
    assert all(f'"9{service.category[1:]}"' in official for service in comune.services)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_what_is_written_of_an_entity_loads_as_it_is(file: Path) -> None:
    (entity,) = entities_of(file.read_text())
    written = catalogue_content.as_yaml(catalogue_content.content_of(entity))
    (again,) = entities_of(written)
    assert again == entity
    assert catalogue_content.digest_of(catalogue_content.content_of(again)) == catalogue_content.digest_of(
        catalogue_content.content_of(entity)
    )


@given(
    st.sampled_from(
        ["01", "NO", "yes", "0x1F", "1e3", "~", "null", "2026-01-01", "12:30", "= x", "- x", "#x", "a: b", "'"]
    )
)
def test_texts_that_yaml_takes_for_something_else_are_texts(text: str) -> None:
    written = catalogue_content.as_yaml({"name": text})
    assert catalogue_document.read(written, is_json=False).content == {"entities": [{"name": text}]}


def test_a_value_without_quotes_is_taken_as_it_is_written() -> None:
    text = BORGO.replace("segregation_code: '03'", "segregation_code: 03").replace("'81007654320'", "81007654320")
    assert entities_of(text) == entities_of(BORGO)


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("iban: IT33U0999915800000000070001", "iban: IT33U0999915800000000070002", "BORGO.iban", "not a valid IBAN"),
        ("category: 9/0101101IM/", "category: 0101101IM", "BORGO.TARI.category", "String does not match"),
        ("  accounting_code: 1.01.01.51.001", "  acounting_code: x", "BORGO.TARI.acounting_code", "is no field"),
        (
            "website: https://www.comune.borgo.example",
            "website: javascript:alert(1)",
            "BORGO.website",
            "String does not",
        ),
        (
            "  primary: '#1b6b3a'",
            "  primary: '#8fd19e'",
            "BORGO.colours.primary",
            "contrast with white or the tint of cards is 1.7",
        ),
        ("  accepts_late: false", "  accepts_late: forse", "BORGO.LAMPADE.accepts_late", "Not a valid boolean"),
        ("  fixed_cents: 2221", "  fixed_cents: 22.21", "BORGO.CIE.fixed_cents", "Not a valid integer"),
        ("- code: COSAP", "- code: TARI", "BORGO.TARI.code", "another service has it"),
        ("  max_cents: 2000000", "  max_cents: 400", "BORGO.COSAP.max_cents", "less than min_cents"),
        ("  - cents: 9000", "  - cents: 2250", "BORGO.MENSA.choices", "two different amounts"),
        ("    interest_basis_points: 200", "    reduced_days: 5", "BORGO.TARI.schedule", "it adds nothing"),
        (
            "    Tipo entrata: servizio",
            "    Tipo entrata: service",
            "BORGO.debt_file.columns.Tipo entrata",
            "service is no column",
        ),
        ("    Note: ''", "    NUM. POSIZIONE: importo", "BORGO.debt_file.columns", "written in two ways"),
        (
            "  fiscal_code: '81007654320'",
            "  fiscal_code: '81007654321'",
            "BORGO.creditor.fiscal_code",
            "no fiscal code",
        ),
        ("  code: BORGO\n", "  code: BORGO2\n", "BORGO.creditor.code", "another one than the entity's"),
        ("    en: School meals", "    en: ''", "BORGO.MENSA.title.en", "a text in every language"),
        (
            "  company_name: Comune di Borgo Esempio",
            '  company_name: "Co\\u0001mune"',
            "BORGO.creditor.company_name",
            "control",
        ),
    ],
)
def test_a_mistake_is_named_by_line_place_and_remedy(old: str, new: str, place: str, problem: str) -> None:
    assert old in BORGO
    wrong = BORGO.replace(old, new, 1)
    ((line, found_at, found),) = mistakes(wrong)
    assert found_at == place
    assert problem in found
    assert line is not None
    # The line itself, or that of what holds it.
    assert 0 <= line_of(wrong, new.strip("\n")) - line <= 5 or place == "BORGO.debt_file.columns"


def test_what_is_missing_is_told_where_it_should_be() -> None:
    wrong = BORGO.replace("  station_id: '81007654320_01'\n", "").replace("  spontaneous: true\n", "", 1)
    assert mistakes(wrong) == [
        (line_of(wrong, "creditor:"), "BORGO.creditor.station_id", "is missing"),
        (line_of(wrong, "- code: MENSA"), "BORGO.MENSA.spontaneous", "is missing"),
    ]


def test_a_slip_of_the_pen_gets_the_name_that_was_meant() -> None:
    (found,) = catalogue_mistakes.of_text("x.yaml", BORGO.replace("accounting_code:", "acounting_code:", 1))
    assert "did you mean accounting_code?" in found.remedy


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "empty"),
        ("just words", 1, "no catalogue"),
        ("- a\n- b", 1, "no catalogue"),
        ("code: A\n\tname: x", 2, "no YAML"),
        ("code: A\ncode: B", 2, "twice"),
        ("code: A\nx: [1, 2", 2, "no YAML"),
        ("code: A\n? [a]\n: b", 2, "no text"),
        ("a: &a [*a]", 1, "without end"),
        ("a: &a {b: &b {c: &c [1]}}\nd: [*a, *a]", 1, ""),
    ],
)
def test_what_is_no_yaml_is_told_by_its_line(text: str, line: int, problem: str) -> None:
    if not problem:
        assert catalogue_document.read(text, is_json=False)
        return
    with pytest.raises(UnreadableError) as error:
        catalogue_document.read(text, is_json=False)
    assert (error.value.line, problem in error.value.problem) == (line, True), error.value


def test_names_that_stand_for_parts_do_not_make_a_short_file_grow_without_end() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 10):
        laughs += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    with pytest.raises(UnreadableError, match="without end"):
        catalogue_document.read(laughs, is_json=False)


def test_mistakes_of_a_json_file_have_lines_too() -> None:
    text = json.dumps(json.loads((DATA / "catalogue.json").read_text()), indent=1)
    wrong = text.replace('"fixed_cents": 1600', '"fixed_cents": "sedici"', 1)
    assert mistakes(wrong, "x.json") == [
        (line_of(wrong, '"fixed_cents": "sedici"'), "PM108.BOLLO_IT.fixed_cents", "Not a valid integer")
    ]
    assert mistakes('{\n"entities": [,]}', "x.json")[0][0] == 2


def test_an_entity_in_two_files_is_told(tmp_path: Path, capsys: Any) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(BORGO)
    assert main(["check-catalogue", str(tmp_path)]) == 1
    assert "b.yaml:3: BORGO.code: stands in" in capsys.readouterr().out


def test_changes_are_named_by_place() -> None:
    (before,) = entities_of(BORGO)
    (after,) = entities_of(BORGO.replace("cents: 9000", "cents: 9500").replace("cbill: BRG03\n", ""))
    contents = [catalogue_content.content_of(one) for one in (before, after)]
    assert catalogue_content.changes(*contents) == ["cbill", "services[MENSA].choices[1].cents"]


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#0066cc", "#ffffff") == pytest.approx(5.57, abs=0.01)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("old", "new", "fragment", "place", "problem"),
    [
        ("name: targa", "name: Targa", "name: Targa", "extra_fields[1].name", "String does not match expected pattern"),
        ("name: targa", "name: verbale", "name: verbale", "extra_fields[1].name", "another field has it"),
        (
            "name: targa",
            "name: causale",
            "name: causale",
            "extra_fields[1].name",
            "a column of every debt file is called so",
        ),
        ("name: targa", "name: mail", "name: mail", "extra_fields[1].name", "a column of every debt file is called so"),
        ("kind: plate", "kind: colour", "kind: colour", "extra_fields[1].kind", None),
        (
            "kind: plate",
            "kind: plate\n    decimals: 3",
            "decimals: 3",
            "extra_fields[1].decimals",
            "a field of this kind has none",
        ),
        (
            "least: '2015-01-01'",
            "least: '7'",
            "least: '7'",
            "extra_fields[2].least",
            "no limit of a field of this kind",
        ),
        (
            "least: '2015-01-01'",
            "least: '2015-01-01'\n    most: '2014-01-01'",
            "most: '2014-01-01'",
            "extra_fields[2].most",
            "less than least",
        ),
        ("en: Number plate", "en: ''", "en: ''", "extra_fields[1].label.en", "a text in every language"),
        ("segregation_code: '04'", "segregation_code: 4", "segregation_code: 4", "segregation_code", None),
    ],
)
def test_mistakes_of_what_a_service_asks_for_are_named_by_line(
    old: str, new: str, fragment: str, place: str, problem: str | None
) -> None:
    head, tail = BORGO.split("- code: MULTE")
    text = f"{head}- code: MULTE{tail.replace(old, new, 1)}"
    ((line, found, said),) = mistakes(text)
    assert (line, found) == (line_of(text, fragment), f"BORGO.MULTE.{place}")
    assert problem is None or said == problem


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        (
            "code: BORGO\ncreditor",
            "code: BORGO\nlanguages: [it]\ncreditor",
            "BORGO.languages",
            "the pages are in Italian and English, so both are among them",
        ),
        (
            "code: BORGO\ncreditor",
            "code: BORGO\nlanguages: [it, en, sl]\ncreditor",
            "BORGO.contacts.office_hours.sl",
            "a text in every language of the entity",
        ),
        ("payers:\n  - person", "payers:\n  - company\n  - child", "BORGO.CIE.payers[1]", None),
        (
            "  takes_beneficiary: false\n  payers:\n  - person",
            "  extra_fields: [{name: x, kind: text, label: {it: a, en: b}, required: true}]",
            "BORGO.CIE.demand",
            "a PSP cannot ask for a field that is required",
        ),
        ("Targa\n", "Targa ripetuta\n", None, None),
    ],
)
def test_who_may_use_a_service_and_in_which_language_is_checked(
    old: str, new: str, place: str | None, problem: str | None
) -> None:
    assert old in BORGO
    found = mistakes(BORGO.replace(old, new, 1))
    if place is None:
        assert found == []
        return
    assert found[0][1] == place
    assert problem is None or found[0][2] == problem


def test_codes_of_services_are_issued_under_by_no_other_entity_of_the_fiscal_code() -> None:
    other = BORGO.replace("code: BORGO", "code: BORGO2").replace("segregation_code: '04'", "segregation_code: '05'")
    content = {
        "entities": [*of_yaml(BORGO), *of_yaml(other.replace("segregation_code: '03'", "segregation_code: '04'"))]
    }
    with pytest.raises(ValidationError, match="another entity of this fiscal code has it"):
        catalogue_file.read(content)


def of_yaml(text: str) -> list[Any]:
    return list(catalogue_document.read(text, is_json=False).content["entities"])
