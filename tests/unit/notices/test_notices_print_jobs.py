"""Which debts a printing job is for."""

from services.notices.documents.usecases.print_jobs import distinct


def test_a_reference_is_counted_once_however_it_is_written() -> None:
    assert distinct(["TARI-1", "TARI-1", " TARI-1", "TARI-1\u00a0", "TARI-2", "TARI-1"]) == ["TARI-1", "TARI-2"]
    assert distinct(["Scuola  3", "Scuola 3", "Niccolo\u0300", "Niccolò"]) == ["Scuola 3", "Niccolò"]
    assert distinct(["tari-1", "TARI-1"]) == ["tari-1", "TARI-1"]
