"""A debt file is previewed before it is loaded: what would change is told, and changes only when that is asked for."""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import (
    ImportApplyRequest,
    ImportCancelRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
    Practice,
)
from services.practices.models import Import, OutboxMessage, PracticeRow, StagedRow
from services.practices.repository import import_previews
from services.practices.usecases import import_jobs, import_work
from tests.integration.practices.conftest import NOW
from tests.integration.practices.import_jobs import report_of

HEADER = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
Put = Callable[..., Practice]


def row(reference: str, amount: str = "148,50") -> str:
    return f"{reference};TARI;RSSMRA85T10A562S;Rossi Mario;;TARI 2026;{amount};;;"


def preview(database: Database, now: datetime, *rows: str) -> ImportReport:
    content, import_id = "\n".join([HEADER, *rows]).encode(), uuid4()
    part = ImportPartRequest(
        entity_code="PM108", import_id=import_id, number=1, content_base64=b64encode(content).decode()
    )
    import_jobs.import_part(database, part, now)
    request = ImportQueueRequest(
        idempotency_key=uuid4().hex,
        entity_code="PM108",
        import_id=import_id,
        parts=1,
        sha256=hashlib.sha256(content).hexdigest(),
        preview=True,
    )
    import_jobs.queue_import(database, request, now)
    import_work.work_off(database, lambda: now)
    return report_of(database, import_id)


def apply(database: Database, now: datetime, import_id: UUID, **how: object) -> ImportReport:
    request = ImportApplyRequest(entity_code="PM108", import_id=import_id, **how)  # type: ignore[arg-type]
    assert import_jobs.apply_import(database, request, now).state == "loading"
    import_work.work_off(database, lambda: now)
    return report_of(database, import_id)


def not_applicable(database: Database, import_id: UUID, **how: object) -> dict[str, object]:
    request = ImportApplyRequest(entity_code="PM108", import_id=import_id, **how)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        import_jobs.apply_import(database, request, NOW)
    assert refused.value.code is ErrorCode.IMPORT_NOT_APPLICABLE
    return dict(refused.value.params)


def state_of(database: Database, reference: str) -> tuple[str, int]:
    with database.reading() as session:
        found = session.scalars(select(PracticeRow).where(PracticeRow.external_id == reference)).one()
        return found.state, found.amount_cents


def test_what_would_change_is_told_and_nothing_is_changed_before_it_is_asked_for(
    database: Database, now: datetime, put: Put
) -> None:
    put("A-1")
    put("A-2")
    paid = put("A-3")
    with database.transaction() as tx:
        tx.session.get_one(PracticeRow, paid.id).state = "paid"
    with database.reading() as session:
        events = session.scalar(select(func.count()).select_from(OutboxMessage))
    rows = [row("A-1"), row("A-2", "1,00"), row("A-3", "2,00"), row("A-4"), row("A-4"), row("A-5", "1.234")]
    told = preview(database, now, *rows)
    assert (told.previewed, told.state) == (True, "waiting")
    assert (told.accepted, told.refused, told.created, told.amended) == (3, 3, 1, 1)
    assert [(one.line, one.outcome, one.code) for one in told.rows] == [
        (2, "unchanged", None),
        (3, "amended", None),
        (4, "refused", "practice_not_amendable"),
        (5, "created", None),
        (6, "refused", "duplicate_reference"),
        (7, "refused", "invalid_amount"),
    ]
    assert state_of(database, "A-2") == ("to_pay", 14_850)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == events
    # Others of the entity do not wait for it.
    assert preview(database, now, row("A-1")).previewed
    assert not_applicable(database, told.id) == {"refused": 3}
    done = apply(database, now, told.id, accepted_only=True)
    assert (done.state, done.previewed) == ("done", False)
    assert (done.accepted, done.refused, done.created, done.amended) == (3, 3, 1, 1)
    assert Counter(one.outcome for one in done.rows) == {"unchanged": 1, "amended": 1, "created": 1, "refused": 3}
    assert state_of(database, "A-2") == ("to_pay", 100)
    assert not_applicable(database, told.id) == {"state": "done"}


def test_what_has_changed_since_is_looked_at_again(database: Database, now: datetime, put: Put) -> None:
    told = preview(database, now, row("A-1"))
    assert (told.created, told.amended) == (1, 0)
    put("A-1", amount_cents=500)
    done = apply(database, now, told.id)
    assert (done.created, done.amended, [one.outcome for one in done.rows]) == (0, 1, ["amended"])


def test_debts_that_a_full_file_does_not_name_are_annulled_where_that_is_asked_for(
    database: Database, now: datetime, put: Put
) -> None:
    earlier = now - timedelta(days=1)
    for reference in ("A-1", "A-2", "A-3"):
        put(reference, at=earlier)
    put("M-1", at=earlier, service_code="MENSA")
    paid = put("A-4", at=earlier)
    with database.transaction() as tx:
        tx.session.get_one(PracticeRow, paid.id).state = "paid"
    refused_row = row("A-3", "1.234")
    told = preview(database, now, row("A-1"), refused_row)
    # Neither what a refused row names, nor what is paid, nor another service's.
    assert (told.missing, told.refused) == (1, 1)
    with pytest.raises(Refused) as refused:
        apply(database, now, told.id, accepted_only=True, annul_missing=True)
    assert refused.value.code is ErrorCode.DESCRIPTION_REQUIRED
    done = apply(database, now, told.id, accepted_only=True, annul_missing=True, reason="Non più dovuto")
    assert (done.state, done.missing) == ("done", 1)
    states = {reference: state_of(database, reference)[0] for reference in ("A-1", "A-2", "A-3", "A-4", "M-1")}
    assert states == {"A-1": "to_pay", "A-2": "cancelled", "A-3": "to_pay", "A-4": "paid", "M-1": "to_pay"}
    with database.reading() as session:
        found = session.scalars(select(PracticeRow).where(PracticeRow.external_id == "A-2")).one()
        assert found.state_reason == "Non più dovuto"


def test_nothing_is_annulled_as_missing_while_a_row_cannot_be_told_apart(
    database: Database, now: datetime, put: Put
) -> None:
    put("A-2", at=now - timedelta(days=1))
    told = preview(database, now, row("A-1"), "A-2;TARI")
    how = {"accepted_only": True, "annul_missing": True, "reason": "Non più dovuto"}
    assert not_applicable(database, told.id, **how) == {"without_reference": 1}
    apply(database, now, told.id, accepted_only=True)
    assert state_of(database, "A-2")[0] == "to_pay"


def test_a_preview_is_cancelled_by_its_sender_or_after_a_week(database: Database, now: datetime) -> None:
    mine, forgotten = preview(database, now, row("A-1")), preview(database, now, row("A-2"))
    cancelled = import_jobs.cancel_import(database, ImportCancelRequest(entity_code="PM108", import_id=mine.id), now)
    assert cancelled.state == "cancelled"
    with database.transaction() as tx:
        long_ago = func.now() - timedelta(days=8)
        tx.session.execute(update(Import).where(Import.id == forgotten.id).values(created_at=long_ago))
    import_work.work_off(database, lambda: now)
    assert report_of(database, forgotten.id).state == "cancelled"
    import_work.work_off(database, lambda: now)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StagedRow)) == 0
        assert session.scalar(select(func.count()).select_from(PracticeRow)) == 0


def test_a_preview_that_was_broken_off_goes_on_and_tells_each_row_once(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "_CHUNK_ROWS", 2)
    real, times = import_previews.note_previewed, iter([1])

    def dies_once(*arguments: Any) -> bool:
        done = real(*arguments)
        if next(times, None) is None:
            monkeypatch.setattr(import_previews, "note_previewed", real)
            raise OSError("killed")
        return done

    monkeypatch.setattr(import_previews, "note_previewed", dies_once)
    with pytest.raises(OSError, match="killed"):
        preview(database, now, *(row(f"A-{number}") for number in range(5)))
    import_work.work_off(database, lambda: now)
    with database.reading() as session:
        import_id = session.scalars(select(Import.id)).one()
    told = report_of(database, import_id)
    assert (told.previewed, told.created, [one.line for one in told.rows]) == (True, 5, [2, 3, 4, 5, 6])


def test_a_missing_debt_that_is_paid_just_then_is_left_and_the_others_are_annulled(
    database: Database, now: datetime, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reference in ("A-1", "A-2", "A-3"):
        put(reference, at=now - timedelta(days=1))
    told = preview(database, now, row("A-4"))
    assert told.missing == 3
    monkeypatch.setattr(import_work, "_ANNULLED_AT_ONCE", 1)
    real, others = import_previews.locked_to_pay, iter(["A-1"])

    def paid_first(session: Session, places: Sequence[int]) -> Sequence[PracticeRow]:
        if reference := next(others, None):
            with database.transaction() as tx:
                paid = update(PracticeRow).where(PracticeRow.external_id == reference).values(state="paid")
                tx.session.execute(paid)
        return real(session, places)

    monkeypatch.setattr(import_previews, "locked_to_pay", paid_first)
    assert apply(database, now, told.id, annul_missing=True, reason="Non più dovuto").missing == 2
    states = [state_of(database, reference)[0] for reference in ("A-1", "A-2", "A-3", "A-4")]
    assert states == ["paid", "cancelled", "cancelled", "to_pay"]
