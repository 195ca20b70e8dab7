"""The running example is what its README says."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from stdnum import iban
from stdnum.it import codicefiscale

from contracts.codes import AmountCents
from contracts.shapes import Instalment
from sandbox.data import make_debts
from sandbox.data.codice_fiscale import codice_fiscale
from services.practices import catalogue_file
from services.practices.debt_file import files as debt_file
from services.practices.debt_file.rows import Row
from services.practices.domain.debt_rules import ServiceRules
from services.practices.domain.transfers import STAMP_CATEGORY

DATA = Path(make_debts.__file__).parent
ENTITY = catalogue_file.read(json.loads((DATA / "catalogue.json").read_text())).entities[0]
CITIZENS = json.loads((DATA / "citizens.json").read_text())["citizens"]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    services = {item.code: ServiceRules(item.code) for item in ENTITY.services}
    return list(debt_file.read((DATA / "debts_pm108.csv").read_bytes(), services))


def test_the_committed_file_is_what_the_generator_makes() -> None:
    assert make_debts.write(make_debts.rows()).encode() == (DATA / "debts_pm108.csv").read_bytes()


def test_483_of_500_rows_load_and_17_are_refused_as_told(rows: list[Row]) -> None:
    assert len(rows) == 500
    assert Counter((str(row.code), row.column) for row in rows if row.debt is None) == {
        ("invalid_fiscal_code", "codice_fiscale"): 12,
        ("invalid_amount", "importo"): 1,
        ("amount_out_of_range", "importo"): 1,
        ("unknown_service", "servizio"): 1,
        ("description_too_long", "causale"): 1,
        ("invalid_date", "scadenza"): 1,
    }


def test_every_test_citizen_owes_something_and_one_owes_more_than_a_cart_holds(rows: list[Row]) -> None:
    count = Counter(row.debt.debtor.fiscal_code for row in rows if row.debt is not None)
    assert all(count[citizen["fiscal_code"]] >= 4 for citizen in CITIZENS)
    assert max(count[citizen["fiscal_code"]] for citizen in CITIZENS) > 5
    debtors = [row.debt.debtor for row in rows if row.debt is not None]
    assert {debtor.email for debtor in debtors if debtor.fiscal_code == "VRDLCU99L14A662K"} == {None}


def test_there_are_overdue_rows_future_rows_and_instalments_of_all_three_services(rows: list[Row]) -> None:
    debts = [row.debt for row in rows if row.debt is not None]
    assert {debt.service_code for debt in debts} == {"TARI", "MENSA", "RETTA"}
    dues = [debt.due_date for debt in debts if debt.due_date is not None]
    assert min(dues) < date(2026, 11, 1)
    assert max(dues) > date(2027, 1, 1)
    assert Instalment(number=5, total=7) in {debt.instalment for debt in debts}


@pytest.mark.parametrize("citizen", CITIZENS, ids=lambda citizen: citizen["key"])
def test_the_citizens_fiscal_codes_are_those_of_their_data(citizen: dict[str, str]) -> None:
    born_on = date.fromisoformat(citizen["date_of_birth"])
    computed = codice_fiscale(
        citizen["family_name"], citizen["name"], citizen["gender"], born_on, citizen["place_of_birth"]
    )
    assert citizen["fiscal_code"] == computed
    assert codicefiscale.is_valid(computed)


@pytest.mark.parametrize(
    ("family_name", "name", "gender", "born_on", "place", "expected"),
    [
        ("Rossi", "Mario", "M", date(1980, 1, 1), "H501", "RSSMRA80A01H501U"),
        ("D'Angelo", "Nicolò", "M", date(1990, 6, 9), "L049", "DNGNCL90H09L049"),
        ("Fo", "Zoë", "F", date(2000, 12, 31), "A662", "FOXZOE00T71A662"),
        ("Verdi", "Gianfranco", "M", date(1975, 3, 2), "F205", "VRDGFR75C02F205"),
    ],
)
def test_codici_fiscali_follow_the_decree(
    family_name: str, name: str, gender: str, born_on: date, place: str, expected: str
) -> None:
    code = codice_fiscale(family_name, name, gender, born_on, place)
    assert code.startswith(expected)
    assert codicefiscale.is_valid(code)


def test_the_catalogue_has_its_spontaneous_services_and_texts_in_both_languages() -> None:
    spontaneous = [item.code for item in ENTITY.services if item.spontaneous]
    assert spontaneous == ["BOLLO_IT", "BOLLO_ST", "CONTRIB_IT", "CONTRIB_ST", "CERT_MBD"]
    assert [item.code for item in ENTITY.services if item.allows_anonymous] == ["BOLLO_ST", "CONTRIB_ST"]
    for item in ENTITY.services:
        assert item.note is not None
        for text in (item.title, item.note):
            assert text.it.strip()
            assert text.en.strip()
    assert iban.is_valid(ENTITY.iban)
    assert ENTITY.postal_iban is not None
    assert ENTITY.postal_account is not None
    assert ENTITY.postal_iban.endswith(ENTITY.postal_account)
    bollo = next(item for item in ENTITY.services if item.code == "BOLLO_IT")
    assert bollo.fixed_cents == AmountCents.typed("16,00")


TAXONOMY = Path(__file__).parents[4] / "shared" / "specs" / "pagopa" / "taxonomy" / "tassonomia.json"


@pytest.mark.skipif(not TAXONOMY.is_file(), reason="the official taxonomy is not here")
def test_every_category_of_the_catalogue_stands_in_the_official_taxonomy() -> None:
    official = TAXONOMY.read_text()
    services = ENTITY.services
    shares = [share for service in services for share in service.shares]
    categories = {item.category for item in services} | {share.category for share in shares}
    for category in {*categories, STAMP_CATEGORY}:
        assert f'"{category}"' in official, category


def test_the_logo_named_in_the_catalogue_is_there() -> None:
    assert (DATA / "logos" / (ENTITY.logo or "")).is_file()
