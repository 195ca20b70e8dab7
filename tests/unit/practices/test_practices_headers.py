"""What people call the columns of a debt file, and what of a header is refused."""

import pytest

from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import headers
from services.practices.debt_file.columns import FileConventions

OURS = [
    *("codice_debito", "servizio", "codice_fiscale", "cognome_nome", "email", "causale", "importo", "scadenza"),
    *("rata", "rate_totali"),
]


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("Riferimento", "codice_debito"),
        ("Codice servizio", "servizio"),
        ("CF", "codice_fiscale"),
        ("Codice fiscale / Partita IVA", "codice_fiscale"),
        ("Nominativo", "cognome_nome"),
        ("Cognome e nome", "cognome_nome"),
        ("Cognome, nome / ragione sociale", "cognome_nome"),
        ("Mail", "email"),
        ("Indirizzo e-mail", "email"),
        ("Importo (euro)", "importo"),
        ("Data scadenza", "scadenza"),
        ("Numero rata", "rata"),
        ("Numero rate", "rate_totali"),
        ("Totale rate", "rate_totali"),
    ],
)
def test_a_column_is_known_by_what_people_call_it(written: str, column: str) -> None:
    named = [written if name == column else name for name in OURS]
    assert headers.read(named, FileConventions()).names == OURS


def test_a_columns_name_twice_is_refused_and_what_stands_beside_a_refused_row_is_passed_over() -> None:
    reported = [*OURS, "riga", "colonna", "valore", "problema", "rimedio"]
    assert headers.read(reported, FileConventions()).names == [*OURS, None, None, None, None, None]
    with pytest.raises(Refused) as refused:
        headers.read([*OURS, "CF"], FileConventions())
    assert refused.value.code is ErrorCode.IMPORT_WRONG_HEADER
    assert refused.value.params["repeated"] == ["codice_fiscale"]


def test_a_column_that_is_not_ours_is_refused_by_its_place() -> None:
    with pytest.raises(Refused) as refused:
        headers.read(["note", *OURS[1:]], FileConventions())
    assert refused.value.params["missing"] == ["codice_debito"]
    assert refused.value.params["unknown"] == [1]
