"""A debt written as a row of a debt file: what is read from that is the same debt."""

from dataclasses import replace
from datetime import date

from contracts.amounts import AmountSchedule
from contracts.codes import AmountCents
from contracts.shapes import Beneficiary, Instalment, Subject
from services.practices.debt_file import files
from services.practices.debt_file.written_rows import cells_of, storable
from services.practices.domain.debt import Debt
from services.practices.domain.debt_rules import ServiceRules

PLAIN = Debt(
    service_code="TARI",
    debtor=Subject(entity_type="F", fiscal_code="RSSMRA85T10A562S", full_name="Rossi Mario"),
    description="TARI 2027",
    amount_cents=AmountCents(123_405),
)
ALL = replace(
    PLAIN,
    debtor=replace(PLAIN.debtor, email="mario@posta.example"),
    due_date=date(2027, 4, 30),
    instalment=Instalment(number=2, total=7),
    debt_position="TARI-2027-1",
    option="rate",
    beneficiary=Beneficiary(full_name="Anna Rossi", course="Violino", school="Scuola", contribution_type="Retta"),
    schedule=AmountSchedule(
        reduced_cents=AmountCents(7_005),
        reduced_days=5,
        notified_on=date(2027, 3, 1),
        valid_until=date(2027, 3, 31),
        surcharge_cents=AmountCents(500),
        interest_basis_points=250,
        printed_date=date(2027, 4, 1),
    ),
)


def test_a_debt_of_nothing_but_the_least_has_empty_cells() -> None:
    assert cells_of("TARI-1", PLAIN) == {
        "codice_debito": "TARI-1",
        "servizio": "TARI",
        "codice_fiscale": "RSSMRA85T10A562S",
        "cognome_nome": "Rossi Mario",
        "email": "",
        "causale": "TARI 2027",
        "importo": "1234,05",
        "scadenza": "",
        "rata": "",
        "rate_totali": "",
        "posizione": "",
        "opzione": "",
    }
    assert cells_of(None, PLAIN)["codice_debito"] == ""


def test_a_schedule_is_written_in_euro_days_and_percent_and_what_it_does_not_say_is_absent() -> None:
    written = cells_of("TARI-1", ALL)
    assert {name: written[name] for name in ("importo_ridotto", "giorni_ridotto", "data_notifica", "mora")} == {
        "importo_ridotto": "70,05",
        "giorni_ridotto": "5",
        "data_notifica": "01/03/2027",
        "mora": "5,00",
    }
    assert written["interessi_annui"] == "2,50"
    late = cells_of("TARI-1", replace(PLAIN, schedule=AmountSchedule(surcharge_cents=AmountCents(500))))
    assert late.keys() - cells_of("TARI-1", PLAIN).keys() == {"mora"}


def test_what_is_written_is_read_as_the_same_debt() -> None:
    for debt in (PLAIN, ALL):
        cells = cells_of("TARI-1", debt)
        content = ";".join(cells) + "\n" + ";".join(cells.values())
        [row] = files.read(content.encode(), {"TARI": ServiceRules("TARI")})
        assert (row.external_id, row.debt) == ("TARI-1", debt)


def test_what_is_stored_holds_something_can_be_seen_and_has_an_end() -> None:
    kept = storable({"causale": "a\x00b\nc", "email": "", "servizio": "x" * 1_001})
    assert kept == {"causale": "abc", "servizio": "x" * 1_000}
