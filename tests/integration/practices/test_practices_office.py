"""What an office does with practices: found, amended, annulled, restored, and each change in the audit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from chassis.audit import verification
from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.codes import CreditorFiscalCode
from contracts.errors import Refused
from contracts.events.payments import PaymentConfirmed
from contracts.rpc import office
from contracts.rpc.audit import AuditRequest
from contracts.rpc.office import (
    FindRequest,
    FoundPractices,
    OfficePractice,
    OfficePracticeRequest,
    OpenSearchRequest,
    SaveSearchRequest,
)
from contracts.rpc.practices import AnnulRequest, Practice
from services.practices.models import PracticeRow
from services.practices.usecases import debts, office_insertion, office_search, office_work, payment_events

MARIA = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000a")
CARLO = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000b")
GIULIA = {"fiscal_code": "BNCGLI82D63L049K", "full_name": "Bianchi Giulia"}
Put = Callable[..., Practice]


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    with pytest.raises(Refused) as refusal:
        yield refusal
    assert refusal.value.code.value == code


class Desk:
    """An operator of PM108 at work; `services`: those of their roles."""

    def __init__(self, database: Database, now: datetime, actor: Actor = MARIA) -> None:
        self.database, self.now, self.actor = database, now, actor
        self.services: list[str] | None = None
        self.entity_code = "PM108"

    def find(self, text: str, **changes: Any) -> FoundPractices:
        request = FindRequest(entity_code=self.entity_code, service_codes=self.services, text=text, **changes)
        return office_work.find(self.database, request, self.now)

    def found(self, text: str) -> list[str | None]:
        return [one.external_id for one in self.find(text).practices]

    def show(self, practice_id: UUID) -> office.OfficePracticeReply:
        request = OfficePracticeRequest(
            entity_code=self.entity_code, service_codes=self.services, practice_id=practice_id
        )
        return office_work.show(self.database, request, self.now)

    def amend(self, practice_id: UUID, amount_cents: int, due_date: date | None = None, **more: Any) -> OfficePractice:
        return self._write(
            office.AmendRequest, office_work.amend, practice_id, amount_cents=amount_cents, due_date=due_date, **more
        )

    def annul(self, practice_id: UUID, reason: str = "Emessa per errore", **more: Any) -> OfficePractice:
        return self._write(office.OfficeAnnulRequest, office_work.annul, practice_id, reason=reason, **more)

    def restore(self, practice_id: UUID, reason: str = "Era dovuta", **more: Any) -> OfficePractice:
        return self._write(office.RestoreRequest, office_work.restore, practice_id, reason=reason, **more)

    def _write(self, request_type: Any, usecase: Any, practice_id: UUID, **values: Any) -> OfficePractice:
        asked = {
            "entity_code": self.entity_code,
            "service_codes": self.services,
            "practice_id": practice_id,
            "actor": self.actor,
            "version": 1,
            **values,
        }
        shown: OfficePractice = usecase(self.database, request_type(**asked), self.now)
        return shown

    def audited(self) -> list[tuple[str, str, str | None, dict[str, Any], dict[str, Any]]]:
        page = office_work.audit(self.database, AuditRequest(entity_code=self.entity_code))
        return [
            (one.operation, one.actor.id, one.reason, dict(one.before), dict(one.after))
            for one in reversed(page.entries)
        ]


@pytest.fixture(name="desk")
def _desk(database: Database, now: datetime) -> Desk:
    return Desk(database, now)


def paid(practice: Practice, receipt_id: str, now: datetime) -> PaymentConfirmed:
    return PaymentConfirmed(
        receipt_id=receipt_id,
        practice_id=practice.id,
        entity_code="PM108",
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        paid_at=now,
        psp_id="ABI00001",
        psp_name="Banca di prova",
    )


# ---- find


def test_a_practice_is_found_by_whatever_one_has_in_hand(
    desk: Desk, put: Put, database: Database, now: datetime
) -> None:
    tari = put("tari-2026-Rossi/1")
    put("ALTRA", **GIULIA)
    with database.transaction() as tx:
        payment_events.payment_confirmed(tx, paid(tari, "RT-0001", now))
    for text in (
        "RSSMRA85T10A562S",
        "rssmra85t10a562s",
        "rossi mario",
        "Mario Rossi",
        "ross",
        "mario",
        "mario ros",
        tari.notice_number,
        tari.notice_number.grouped,
        tari.iuv,
        "tari-2026-Rossi/1",
        "RT-0001",
    ):
        assert desk.found(text) == ["tari-2026-Rossi/1"], text
    for text in (
        "",
        "  ",
        "ro",
        "RT-0002",
        "verdi",
        "ARI-2026",
        "%",
        "rossi_mario",
        "mario rossi bianchi",
    ):
        assert desk.found(text) == [], text


def test_a_name_is_found_by_any_of_its_words_those_that_begin_so_first(desk: Desk, put: Put) -> None:
    put("SECONDA", full_name="D'Angelo De Rossi Maria Pia", fiscal_code="DNGMRA85T50A562T")
    put("PRIMA")
    put("LORO", entity_code="PM200", full_name="Maria Angelo", fiscal_code="DNGMRA85T50A562T")
    assert desk.found("rossi") == ["PRIMA", "SECONDA"]
    for text in ("angelo", "pia", "maria pia", "Pia D'Angelo", "ang mar", "de rossi maria pia d'angelo"):
        assert desk.found(text) == ["SECONDA"], text
    for text in ("ngelo", "pia verdi", "an"):
        assert desk.found(text) == [], text
    assert (len(desk.find("rossi", limit=1).practices), desk.find("rossi", limit=1).has_more) == (1, True)
    desk.services = ["MENSA"]
    assert desk.found("angelo") == []


def test_what_is_looked_for_is_opened_by_its_address_for_thirty_days_in_one_office(
    database: Database, now: datetime
) -> None:
    saved = office_search.save(database, SaveSearchRequest(entity_code="PM108", text="Rossi Mario"), now)

    def opened(entity_code: str, search_id: UUID = saved.id) -> str:
        request = OpenSearchRequest(entity_code=entity_code, search_id=search_id)
        return office_search.open_search(database, request).text

    office_search.purge(database, now + timedelta(days=30))
    assert opened("PM108") == "Rossi Mario"
    for attempt in (partial(opened, "PM200"), partial(opened, "PM108", uuid4())):
        with refused("not_found"):
            attempt()
    office_search.purge(database, now + timedelta(days=30, seconds=1))
    with refused("not_found"):
        opened("PM108")


def test_nothing_of_another_entity_or_service_is_found_shown_or_changed(desk: Desk, put: Put) -> None:
    put("MIA")
    theirs = put("LORO", entity_code="PM200")
    assert desk.found("RSSMRA85T10A562S") == ["MIA"]
    assert desk.found(theirs.notice_number) == []
    assert desk.found("LORO") == []
    mine = desk.find("MIA").practices[0]
    desk.services = ["RETTA"]
    others: list[tuple[UUID, list[str] | None]] = [
        (mine.id, ["RETTA"]),
        (theirs.id, None),
        (uuid4(), None),
        (mine.id, []),
    ]
    for practice_id, services in others:
        desk.services = services
        assert desk.found("RSSMRA85T10A562S") == ([] if services is not None else ["MIA"])
        for attempt in (desk.show, partial(desk.amend, amount_cents=100), desk.annul, desk.restore):
            with refused("practice_not_found"):
                attempt(practice_id)
    desk.services = None
    assert desk.audited() == []


def test_all_practices_of_a_person_come_page_by_page_and_a_name_says_that_there_are_more(desk: Desk, put: Put) -> None:
    for number in range(5):
        put(f"N-{number}", amount_cents=1_000 + number)
    first = desk.find("RSSMRA85T10A562S", limit=3)
    assert [one.external_id for one in first.practices] == ["N-4", "N-3", "N-2"]
    second = desk.find("RSSMRA85T10A562S", limit=3, cursor=first.next_cursor)
    assert [one.external_id for one in second.practices] == ["N-1", "N-0"]
    assert second.next_cursor is None
    named = desk.find("rossi", limit=3)
    assert (len(named.practices), named.has_more) == (3, True)
    assert not desk.find("rossi", limit=5).has_more
    with refused("invalid_request"):
        desk.find("RSSMRA85T10A562S", cursor="!")


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("RSSMRA85T10A562S", "ix_practices_debtor"),
        ("rossi mario", "ix_practices_debtor_name"),
        ("rossi mario", "ix_practices_debtor_words"),
        ("RT-0001", "ix_practices_receipts"),
    ],
)
def test_among_many_practices_each_search_goes_by_an_index(
    desk: Desk, put: Put, database: Database, text: str, index: str
) -> None:
    put("PRIMA")
    _make_many(database)
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        statements.append((statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    desk.find(text)
    sa.event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        plans = [
            "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            for statement, parameters in statements
            if "FROM practices" in statement
        ]
    assert any(index in plan for plan in plans), plans
    assert not [plan for plan in plans if "Seq Scan on practices" in plan]


def _make_many(database: Database) -> None:
    """Thirty thousand practices of others, a hundred of a name."""
    columns = [column.key for column in PracticeRow.__table__.columns if column.key != "place"]
    made = {
        "id": "gen_random_uuid()",
        "iuv": "lpad(n::text, 17, '0')",
        "notice_number": "'3' || lpad(n::text, 17, '0')",
        "external_id": "'MANY-' || n",
        "debtor_fiscal_code": "'VRD' || lpad(n::text, 13, '0')",
        "debtor": "jsonb_build_object('entity_type', 'F', 'fiscal_code', 'X', 'full_name', 'Verdi ' || n)",
    }
    values = ", ".join(made.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    insert = f"INSERT INTO practices ({names}) SELECT {values} FROM practices, generate_series(1, 30000) AS n"
    with database.engine.begin() as connection:
        connection.execute(sa.text(insert))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE practices"))


# ---- amend


def test_amount_and_due_date_are_amended_with_their_event_and_the_audit(
    desk: Desk, put: Put, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    practice = put("TARI-1")
    shown = desk.show(practice.id)
    assert (shown.practice.version, shown.practice.base_cents, shown.history) == (1, 14_850, [])
    amended = desk.amend(practice.id, 15_000, date(2026, 12, 31), reason="Conguaglio")
    assert (amended.amount_cents, amended.due_date, amended.version) == (15_000, date(2026, 12, 31), 2)
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeAmended.v1", 2)]
    assert desk.audited() == [
        (
            "practices.amend",
            MARIA.id,
            "Conguaglio",
            {"amount_cents": 14_850, "due_date": None},
            {"amount_cents": 15_000, "due_date": "2026-12-31"},
        )
    ]
    (entry,) = desk.show(practice.id).history
    assert (entry.subject, entry.actor) == (str(practice.id), MARIA)
    (chain,) = verification.verify(desk.database)
    assert chain.problems == ()


def test_the_same_amount_and_date_change_nothing_and_are_not_audited(desk: Desk, put: Put) -> None:
    practice = put("TARI-1")
    assert desk.amend(practice.id, 14_850).version == 1
    assert desk.audited() == []


@pytest.mark.parametrize(
    ("amount_cents", "due_date", "code"),
    [
        (0, None, "amount_out_of_range"),
        (15_000, date(206, 1, 1), "invalid_date"),
        (10**12, None, "amount_out_of_range"),
    ],
)
def test_what_the_rules_of_a_debt_refuse_is_refused_and_not_audited(
    desk: Desk, put: Put, amount_cents: int, due_date: date | None, code: str
) -> None:
    practice = put("TARI-1")
    with refused(code):
        desk.amend(practice.id, amount_cents, due_date)
    assert desk.audited() == []


def test_the_second_of_two_operators_is_told_who_changed_what(desk: Desk, put: Put, now: datetime) -> None:
    practice = put("TARI-1")
    desk.amend(practice.id, 15_000)
    carlo = Desk(desk.database, now, CARLO)
    with refused("changed_meanwhile") as refusal:
        carlo.annul(practice.id)
    told = refusal.value.params
    assert (told["version"], told["actor_id"], told["operation"], told["fields"]) == (
        2,
        MARIA.id,
        "practices.amend",
        ["amount_cents"],
    )
    assert carlo.annul(practice.id, version=2).state == "cancelled"


def test_the_entitys_software_changes_the_version_too(desk: Desk, put: Put) -> None:
    practice = put("TARI-1")
    put("TARI-1", amount_cents=20_000)
    with refused("changed_meanwhile") as refusal:
        desk.amend(practice.id, 15_000)
    assert refusal.value.params["version"] == 2


def test_of_many_operators_at_once_one_amends_and_the_others_are_told(desk: Desk, put: Put) -> None:
    practice = put("TARI-1")
    codes: list[str] = []

    def amends(cents: int) -> None:
        try:
            desk.amend(practice.id, cents)
            codes.append("amended")
        except Refused as refusal:
            codes.append(refusal.code.value)

    threads = [threading.Thread(target=amends, args=[20_000 + number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["amended", *["changed_meanwhile"] * 7]
    assert len(desk.audited()) == 1


# ---- annul and restore


def test_an_annulment_has_its_reason_and_is_taken_back_with_the_same_notice(
    desk: Desk, put: Put, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    practice = put("TARI-1")
    annulled = desk.annul(practice.id, "Già pagata in contanti")
    assert (annulled.state, annulled.state_reason, annulled.payable) == ("cancelled", "Già pagata in contanti", False)
    restored = desk.restore(practice.id, "Il contante era per altro", version=2)
    assert (restored.state, restored.payable, restored.notice_number) == ("to_pay", True, practice.notice_number)
    assert emitted() == [("PracticeCreated.v1", 1), ("PracticeCancelled.v1", 2), ("PracticeAmended.v1", 3)]
    assert [(operation, reason, before, after) for operation, _, reason, before, after in desk.audited()] == [
        ("practices.annul", "Già pagata in contanti", {"state": "to_pay"}, {"state": "cancelled"}),
        ("practices.restore", "Il contante era per altro", {"state": "cancelled"}, {"state": "to_pay"}),
    ]
    again = desk.annul(practice.id, version=3)
    assert again.state == "cancelled"


def test_a_restored_practice_is_paid_as_any_other(desk: Desk, put: Put, now: datetime) -> None:
    practice = put("TARI-1")
    desk.annul(practice.id)
    desk.restore(practice.id, version=2)
    with desk.database.transaction() as tx:
        payment_events.payment_confirmed(tx, paid(practice, "RT-1", now + timedelta(hours=1)))
    shown = desk.show(practice.id).practice
    assert (shown.state, shown.needs_attention) == ("paid", False)


def test_what_is_paid_is_neither_amended_nor_annulled_and_what_is_owed_not_restored(
    desk: Desk, put: Put, now: datetime
) -> None:
    practice = put("TARI-1")
    with refused("practice_not_amendable"):
        desk.restore(practice.id)
    with desk.database.transaction() as tx:
        payment_events.payment_confirmed(tx, paid(practice, "RT-1", now))
    with refused("practice_not_amendable"):
        desk.amend(practice.id, 15_000)
    with refused("practice_paid"):
        desk.annul(practice.id)
    assert desk.audited() == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_annulled(desk: Desk, put: Put, reason: str) -> None:
    practice = put("TARI-1")
    with refused("description_required"):
        desk.annul(practice.id, reason)
    assert desk.show(practice.id).practice.state == "to_pay"


def test_a_file_does_not_bring_back_what_the_office_annulled_but_the_office_does(desk: Desk, put: Put) -> None:
    practice = put("TARI-1")
    desk.annul(practice.id)
    with refused("practice_not_amendable"):
        put("TARI-1")
    assert desk.restore(practice.id, version=2).state == "to_pay"
    assert put("TARI-1").state == "to_pay"


def test_what_the_entitys_software_annulled_can_be_restored_too(desk: Desk, put: Put, now: datetime) -> None:
    practice = put("TARI-1")
    debts.annul_debt(desk.database, AnnulRequest(entity_code="PM108", external_id="TARI-1", reason="Errore"), now)
    assert desk.restore(practice.id, version=2).state == "to_pay"


def test_neither_the_audit_nor_the_log_says_who_the_debtor_is(desk: Desk, put: Put) -> None:
    practice = put("TARI-1")
    with capture_logs() as lines:
        desk.find("rossi mario")
        desk.amend(practice.id, 15_000)
        desk.annul(practice.id, version=2)
    with desk.database.reading() as session:
        written = str(session.execute(sa.text("SELECT * FROM audit_entries")).all())
    for private in ("RSSMRA85T10A562S", "Rossi", "Mario", practice.notice_number):
        assert private not in written + str(lines)


def test_what_the_entitys_software_amends_and_annuls_stands_under_its_key_and_what_it_makes_does_not(
    desk: Desk, put: Put, now: datetime
) -> None:
    key = Actor(kind="api_key", id="gestionale tributi")
    practice = put("TARI-1", actor=key)
    put("TARI-1", actor=key)
    put("TARI-1", amount_cents=20_000, actor=key)
    gone = AnnulRequest(entity_code="PM108", external_id="TARI-1", reason="Errore", actor=key)
    for _ in range(2):
        debts.annul_debt(desk.database, gone, now)
    assert desk.audited() == [
        ("practices.amend", key.id, None, {"amount_cents": 14_850}, {"amount_cents": 20_000}),
        ("practices.annul", key.id, "Errore", {"state": "to_pay"}, {"state": "cancelled"}),
    ]
    with refused("changed_meanwhile") as refusal:
        desk.restore(practice.id)
    assert (refusal.value.params["actor_kind"], refusal.value.params["version"]) == ("api_key", 3)


# ---- insert


def inserting(desk: Desk, **changes: Any) -> OfficePractice:
    asked: dict[str, Any] = {
        "idempotency_key": "a-key-of-the-form",
        "entity_code": "PM108",
        "service_codes": desk.services,
        "actor": desk.actor,
        "service_code": "TARI",
        "fiscal_code": "rssmra85t10a562s",
        "full_name": "Rossi Mario",
        "description": "TARI 2026",
        "amount_cents": 14_850,
        "due_date": date(2026, 12, 31),
    }
    return office_insertion.insert(desk.database, office.OfficeInsertRequest(**{**asked, **changes}), desk.now)


def test_a_debt_that_is_typed_in_is_one_like_any_other_and_audited(
    desk: Desk, emitted: Callable[[], list[tuple[str, int]]]
) -> None:
    made = inserting(desk)
    assert (made.state, made.origin, made.amount_cents, made.version) == ("to_pay", "issued", 14_850, 1)
    assert made.external_id == f"UFFICIO-{made.notice_number}"
    assert desk.found(made.external_id) == [made.external_id]
    assert inserting(desk) == made, "a form that is sent twice makes one"
    assert emitted() == [("PracticeCreated.v1", 1)]
    assert desk.audited() == [
        (
            "practices.insert",
            MARIA.id,
            None,
            {},
            {"amount_cents": 14_850, "due_date": "2026-12-31", "state": "to_pay"},
        )
    ]
    with refused("idempotency_conflict"):
        inserting(desk, amount_cents=1)


def test_typing_a_debt_in_never_amends_another_nor_one_of_another_service(desk: Desk, put: Put) -> None:
    put("TARI-1")
    with refused("duplicate_reference"):
        inserting(desk, external_id="TARI-1")
    desk.services = ["RETTA"]
    with refused("unknown_service"):
        inserting(desk)
    desk.services = None
    for changes, code in (
        ({"service_code": "NO"}, "unknown_service"),
        ({"fiscal_code": "X"}, "invalid_fiscal_code"),
        ({"full_name": " "}, "name_required"),
        ({"description": ""}, "description_required"),
        ({"amount_cents": 0}, "amount_out_of_range"),
    ):
        with refused(code):
            inserting(desk, **changes)
    assert desk.audited() == []
    assert inserting(desk, external_id="TARI-2").external_id == "TARI-2"
