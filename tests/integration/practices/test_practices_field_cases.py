"""Debts and files on which the first release went wrong: sent again, for other people, without code, half right."""

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import AnnulRequest, ImportReport, ImportRequest, Practice, SearchRequest
from services.practices.debt_file import files as debt_rows
from services.practices.debt_file.rows import Row
from services.practices.models import Json
from services.practices.usecases import catalogue, debt_import, debts, issuance, search
from tests.integration.practices.conftest import CATALOGUE
from tests.integration.practices.import_jobs import import_as_job

Put = Callable[..., Practice]
CASES = Path(__file__).parents[4] / "shared" / "cases"
HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
GOOD = "BUG-1;TARI;RSSMRA85T10A562S;Rossi Mario;;Contributo prova;100,00;31/12/2026;;"
LUCA = "VRDLCU99L14A662K"


def case(name: str) -> bytes:
    file = CASES / name
    if not file.exists():
        pytest.skip(f"{file} is not here")
    return file.read_bytes()


@pytest.fixture(params=["at once", "as a job"])
def load(database: Database, now: datetime, request: pytest.FixtureRequest) -> Callable[..., ImportReport]:
    """Load a file: what becomes of each of its rows is the same either way."""
    as_a_job = request.param == "as a job"

    def send(content: bytes | str, key: str | None = None) -> ImportReport:
        raw = content if isinstance(content, bytes) else f"{HEADER}\n{content}".encode()
        if as_a_job:
            return import_as_job(database, now, raw, key=key, part_bytes=100)
        asked = ImportRequest(
            idempotency_key=key or uuid4().hex, entity_code="PM108", content_base64=b64encode(raw).decode()
        )
        report = debt_import.import_debts(database, asked, now)
        assert practices.IMPORT.reply.validate(practices.IMPORT.reply.dump(report)) == {}
        return report

    return send


def outcomes(report: ImportReport) -> list[tuple[str, str | None, str | None]]:
    return [(row.outcome, row.code, row.column) for row in report.rows]


def of_tari(**changed: Any) -> dict[str, Any]:
    """The running example's catalogue with another TARI."""
    document = deepcopy(CATALOGUE)
    for service in document["entities"][0]["services"]:
        if service["code"] == "TARI":
            service.update(changed)
    return document


def the_one(database: Database, now: datetime, reference: str = "BUG-1", code: str = "RSSMRA85T10A562S") -> Practice:
    request = SearchRequest(entity_code="PM108", fiscal_code=code, reference=reference)
    (found,) = search.search(database, request, now).practices
    return found


def test_the_same_file_sent_again_is_a_new_import_that_brings_its_amounts_back(
    database: Database, now: datetime, load: Callable[..., ImportReport]
) -> None:
    first, second = GOOD, GOOD.replace("100,00", "90,00")
    reports = [load(first), load(second), load(first)]
    assert [report.rows[0].outcome for report in reports] == ["created", "amended", "amended"]
    assert len({report.id for report in reports}) == 3
    assert the_one(database, now).amount_cents == 10_000


def test_the_same_file_with_the_same_key_is_the_same_import(load: Callable[..., ImportReport]) -> None:
    first, second = load(GOOD, "a-key-of-theirs"), load(GOOD, "a-key-of-theirs")
    assert first == second


def test_the_case_of_the_two_amounts_ends_with_the_amount_sent_last(
    database: Database, now: datetime, load: Callable[..., ImportReport]
) -> None:
    files = [case(f"b01a-{name}.csv") for name in ("1-amount-100", "2-amount-90", "1-amount-100")]
    assert [load(file).rows[0].outcome for file in files] == ["created", "amended", "amended"]
    assert the_one(database, now, "BUG-V-1").amount_cents == 10_000


def test_a_row_of_an_unknown_service_loads_once_the_catalogue_has_it(
    database: Database, load: Callable[..., ImportReport]
) -> None:
    file = case("b01b-unknown-service.csv")
    assert outcomes(load(file)) == [("refused", "unknown_service", "servizio")]
    document = deepcopy(CATALOGUE)
    services = document["entities"][0]["services"]
    new = deepcopy(next(service for service in services if service["code"] == "TARI"))
    services.append({**new, "code": "NUOVO26"})
    catalogue.load_catalogue(database, document)
    assert outcomes(load(file)) == [("created", None, None)]


@pytest.mark.parametrize("name", ["Rossi Mario", "Verdi Luca"])
def test_a_notice_never_passes_from_one_debtor_to_another(
    database: Database, now: datetime, put: Put, load: Callable[..., ImportReport], name: str
) -> None:
    mine = put("BUG-1")
    with pytest.raises(Refused) as refused:
        put("BUG-1", fiscal_code=LUCA, full_name=name)
    assert refused.value.code is ErrorCode.DEBTOR_CHANGED
    report = load(GOOD.replace("RSSMRA85T10A562S", LUCA).replace("Rossi Mario", name))
    assert outcomes(report) == [("refused", "debtor_changed", "codice_fiscale")]
    assert report.rows[0].problem
    assert report.rows[0].remedy
    assert the_one(database, now).debtor == mine.debtor


def test_a_name_of_the_same_person_may_be_corrected(put: Put) -> None:
    put("BUG-1", full_name="Rosi Mario")
    assert put("BUG-1", full_name="Rossi Mario").debtor.full_name == "Rossi Mario"


def test_two_people_without_fiscal_code_are_told_apart_by_their_names(database: Database, put: Put) -> None:
    catalogue.load_catalogue(database, of_tari(allows_anonymous=True))
    put("BUG-1", fiscal_code="", full_name="Yamada Hanako")
    assert put("BUG-1", fiscal_code="ANONIMO", full_name="Hanako YAMADA", amount_cents=1).amount_cents == 1
    for code, name in (("ANONIMO", "Smith John"), (LUCA, "Yamada Hanako")):
        with pytest.raises(Refused) as refused:
            put("BUG-1", fiscal_code=code, full_name=name)
        assert refused.value.code is ErrorCode.DEBTOR_CHANGED


def test_collapsed_references_of_two_people_are_refused_by_name(load: Callable[..., ImportReport]) -> None:
    for file in ("b17-collapsed-1-first-person.csv", "b17-collapsed-2-other-person.csv"):
        (row,) = load(case(file)).rows
        assert (row.outcome, row.code, row.column) == ("refused", "spreadsheet_value", "codice_debito")
        assert (row.external_id, row.value_shape) == (None, "9,9A+99")
        assert "testo" in (row.remedy or "")


def test_people_without_fiscal_code_are_billed_where_the_service_allows_it(
    database: Database, now: datetime, load: Callable[..., ImportReport]
) -> None:
    file = case("b13-no-fiscal-code.csv")
    catalogue.load_catalogue(database, of_tari(allows_anonymous=False))
    assert outcomes(load(file)) == [("refused", "anonymous_not_allowed", "codice_fiscale")] * 2
    catalogue.load_catalogue(database, of_tari(allows_anonymous=True))
    report = load(file)
    assert outcomes(report) == [("created", None, None)] * 2
    for row in report.rows:
        request = SearchRequest(entity_code="PM108", notice_number=row.notice_number)
        (found,) = search.search(database, request, now).practices
        assert found.payable
        assert "Yamada" not in str(found)


@pytest.mark.parametrize("email", ["mario.d'angelo@posta.example", "nowhere", "a b@posta.example"])
def test_a_bad_email_is_left_out_with_a_warning_by_file_and_by_put(
    put: Put, load: Callable[..., ImportReport], email: str
) -> None:
    loaded = load(GOOD.replace(";;Contributo", f";{email};Contributo"))
    (row,) = loaded.rows
    assert (row.outcome, row.warning, row.column, row.code) == ("created", "email_left_out", "email", None)
    assert row.problem
    assert (loaded.accepted, loaded.refused) == (1, 0)
    made = put("BUG-2", email=email)
    assert (made.debtor.email, made.warnings) == (None, ["email_left_out"])
    assert put("BUG-2", email="mario@posta.example").warnings == []


def test_an_annulled_debt_that_is_sent_again_says_that_it_is_annulled(
    database: Database, now: datetime, put: Put, load: Callable[..., ImportReport]
) -> None:
    load(GOOD)
    request = AnnulRequest(entity_code="PM108", external_id="BUG-1", reason="Sgravio")
    debts.annul_debt(database, request, now)
    for content in (GOOD, GOOD.replace("100,00", "90,00")):
        report = load(content)
        assert outcomes(report) == [("refused", "practice_cancelled", None)]
        assert "annullato" in (report.rows[0].problem or "")
    same = {"description": "Contributo prova", "amount_cents": 10_000}
    for changed in (same, {**same, "amount_cents": 9_000}):
        with pytest.raises(Refused) as refused:
            put("BUG-1", **changed)
        assert (refused.value.code, refused.value.params) == (
            ErrorCode.PRACTICE_NOT_AMENDABLE,
            {"state": "cancelled"},
        )


def test_every_line_of_a_report_has_its_reference_and_its_number(load: Callable[..., ImportReport]) -> None:
    def line(reference: str, amount: str = "100,00", code: str = "RSSMRA85T10A562S") -> str:
        return GOOD.replace("BUG-1", reference).replace("100,00", amount).replace("RSSMRA85T10A562S", code)

    before = load("\n".join([line("B-SAME"), line("B-MORE"), line("B-THEIRS")]))
    numbers = {row.external_id: row.notice_number for row in before.rows}
    assert all(numbers.values())
    changed = [line("B-NEW"), line("B-SAME"), line("B-MORE", "1,00"), line("B-THEIRS", code=LUCA), line("B-BAD", "x")]
    rows = {row.external_id: row for row in load("\n".join([*changed, line("B-NEW")])).rows}
    found = {reference: row.outcome for reference, row in rows.items()}
    assert found == {
        "B-NEW": "refused",  # the second line with this reference
        "B-SAME": "unchanged",
        "B-MORE": "amended",
        "B-THEIRS": "refused",
        "B-BAD": "refused",
    }
    assert {reference: rows[reference].notice_number for reference in numbers} == numbers
    assert [row.line for row in load("\n".join(changed)).rows] == [2, 3, 4, 5, 6]
    assert [row.external_id for row in load("\n".join(changed)).rows] == [
        "B-NEW",
        "B-SAME",
        "B-MORE",
        "B-THEIRS",
        "B-BAD",
    ]


@pytest.mark.parametrize("load", ["at once"], indirect=True)
def test_a_long_import_lets_others_work_at_least_every_200_rows(
    load: Callable[..., ImportReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    create, read, sleep = issuance.create, debt_rows.read, time.sleep

    def pause(seconds: float) -> None:
        happened.append("pause")
        sleep(seconds)  # the pause of the code itself

    def noted_create(*args: Any, **kwargs: Any) -> Json:
        happened.append("created")
        return create(*args, **kwargs)

    def noted_read(*args: Any) -> Iterator[Row]:
        for row in read(*args):
            happened.append("read")
            yield row

    monkeypatch.setattr(time, "sleep", pause)
    monkeypatch.setattr(issuance, "create", noted_create)
    monkeypatch.setattr(debt_rows, "read", noted_read)
    report = load("\n".join(GOOD.replace("BUG-1", f"BUG-{number}") for number in range(450)))
    assert report.accepted == 450
    assert (happened.count("read"), happened.count("created")) == (450, 450)
    between = [len(list(some)) for what, some in groupby(happened) if what != "pause"]
    assert max(between) <= 200


def test_a_stranger_reads_nothing_of_the_person_in_the_causale_of_the_case(
    database: Database, now: datetime, load: Callable[..., ImportReport]
) -> None:
    report = load(case("b06-name-and-cf-in-causale.csv"))
    assert [row.outcome for row in report.rows] == ["created"] * 3
    for row in report.rows:
        request = SearchRequest(entity_code="PM108", notice_number=row.notice_number)
        (found,) = search.search(database, request, now).practices
        shown = str(found).casefold().replace("’", "'")
        assert found.masked
        for secret in ("rossi", "mario", "dell'aquila", "anna", "rssmra85t10a562s", "10/12/1985", "bug-p"):
            assert secret not in shown, secret
