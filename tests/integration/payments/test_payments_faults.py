"""Every fault we may answer: which one, in which situation, to which operation. The table below is the documentation.

Rows stand in the order in which they are looked at (pagopa.md section 3.7): a later one is answered only where no
earlier one holds. Each is asked over HTTP, through the gateway and RabbitMQ, and each answer is valid by the official
schema. A row without fault is a situation that speaks against nothing: receipts are never refused for what they say.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree

from services.payments import models
from services.payments.soap.envelope import open_envelope
from services.practices import models as practices_models
from tests.conftest import wait_until_answering
from tests.integration.payments.node_messages import (
    ASKING,
    CREDITOR,
    HEAD,
    SENDING,
    deliver,
    demand,
    envelope,
    fault_of,
    notice,
    outcome_of,
    receipt,
    said,
)

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
DEMANDING = ["paDemandPaymentNotice"]
EVERY = [*ASKING, *SENDING, *DEMANDING]
ASKED = {"codiceFiscale": "RSSMRA85T10A562S", "nominativo": "Rossi Mario", "causale": "Certificato"}
ORDER = ("codiceFiscale", "nominativo", "importo", "causale", "studente")
STUDENT = "<nominativo>Li Wei</nominativo><corso>Canto</corso><scuola>Jazz</scuola><contributo>Retta</contributo>"


def right(action: str, town: Any) -> str:
    """What a good request says after its head, about a practice of its own."""
    if action in DEMANDING:
        return demand(**{**ASKED, "causale": uuid4().hex})
    number = str(town.issue().notice_number)
    return receipt(number) if action in SENDING else notice(number)


def head(old: str, new: str) -> Callable[[str, Any], str]:
    return lambda action, town: HEAD.replace(old, new) + right(action, town)


def about(number: str | Callable[[Any], str]) -> Callable[[str, Any], str]:
    """Ask about this notice, or send its receipt."""

    def say(action: str, town: Any) -> str:
        known = number if isinstance(number, str) else number(town)
        return HEAD + (receipt(known) if action in SENDING else notice(known))

    return say


def asks_for(**changes: str) -> Callable[[str, Any], str]:
    codes = {name: changes.pop(name) for name in ("service_id", "subject_id") if name in changes}
    said_so = ASKED | changes
    data = {name: said_so[name] for name in ORDER if said_so.get(name)}
    return lambda _action, _town: HEAD + demand(**codes, **data)


def paid(town: Any) -> str:
    practice = town.issue()
    assert outcome_of(deliver(town, practice.notice_number)) == "OK"
    return str(practice.notice_number)


def with_status(name: str, *, is_paid: bool = False) -> Callable[[Any], str]:
    """A notice as our projection has it, whatever else it may be."""

    def make(town: Any) -> str:
        practice = town.issue()
        number = str(practice.notice_number)
        town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(number)))
        with town.database.transaction() as tx:
            position = tx.session.get_one(models.Position, practice.id, with_for_update=True)
            # Far ahead of practices' own events, so that none of them changes it back.
            position.status, position.sequence = name, 1_000
            if is_paid:
                position.paid_receipt_id, position.paid_at = uuid4().hex, datetime.now(UTC)
        return number

    return make


def too_late(town: Any) -> str:
    number = with_status("cancelled")(town)
    yesterday = datetime.now(UTC) - timedelta(days=2)
    with town.database.transaction() as tx:
        position = tx.session.query(models.Position).filter_by(notice_number=number).one()
        position.payable_until = yesterday.date()
    return number


def with_stamp(town: Any) -> str:
    return str(town.insert("CERT_MBD", 2100, stamp=town.STAMP).notice_number)


def without_terms(town: Any) -> str:
    number = with_status("open")(town)
    with town.database.transaction() as tx:
        position = tx.session.query(models.Position).filter_by(notice_number=number).one()
        position.amount_cents = None
    return number


@dataclass(frozen=True)
class Row:
    """One line of the documentation."""

    fault: str | None
    situation: str
    operations: list[str]
    say: Callable[[str, Any], str]


TABLE = [
    # --- who asks, through what, and whether it can be read: every operation alike ---
    Row("PAA_ID_DOMINIO_ERRATO", "idPA is no body of ours", EVERY, head(f"<idPA>{CREDITOR}", "<idPA>77777777777")),
    Row("PAA_ID_DOMINIO_ERRATO", "idPA is no code at all", EVERY, head(f"<idPA>{CREDITOR}", "<idPA>nobody")),
    Row(
        "PAA_ID_INTERMEDIARIO_ERRATO",
        "idBrokerPA is not the body's",
        [*ASKING, *DEMANDING],
        head(f"<idBrokerPA>{CREDITOR}", "<idBrokerPA>77777777777"),
    ),
    Row("PAA_STAZIONE_INT_ERRATA", "idStation is not the body's", [*ASKING, *DEMANDING], head("_01", "_02")),
    Row("PAA_SINTASSI_XSD", "an element is missing", [*ASKING, *DEMANDING], lambda _action, _town: HEAD),
    Row("PAA_SINTASSI_EXTRAXSD", "there is no receiptId", SENDING, lambda _action, _town: HEAD),
    Row("PAA_SINTASSI_XSD", "the head is missing", EVERY, right),
    Row(
        "PAA_SINTASSI_XSD",
        "there is an element too much",
        [*ASKING, *DEMANDING],
        lambda a, t: f"{HEAD}{right(a, t)}<more/>",
    ),
    # --- what a payer asks about ---
    Row("PAA_PAGAMENTO_SCONOSCIUTO", "nobody issued such a notice", ASKING, about("301999999999999999")),
    Row(
        "PAA_PAGAMENTO_SCONOSCIUTO",
        "the notice is another body's",
        ASKING,
        lambda _action, town: HEAD + notice(town.issue().notice_number, owner="77777777777"),
    ),
    Row("PAA_PAGAMENTO_DUPLICATO", "a receipt has come", ASKING, about(paid)),
    Row("PAA_PAGAMENTO_DUPLICATO", "paid, and cancelled since", ASKING, about(with_status("cancelled", is_paid=True))),
    Row("PAA_PAGAMENTO_DUPLICATO", "paid, and expired since", ASKING, about(with_status("expired", is_paid=True))),
    Row("PAA_PAGAMENTO_SCADUTO", "the service refuses late payment", ASKING, about(with_status("expired"))),
    Row("PAA_PAGAMENTO_SCADUTO", "too late, and cancelled besides", ASKING, about(too_late)),
    Row("PAA_PAGAMENTO_ANNULLATO", "the body has withdrawn it", ASKING, about(with_status("cancelled"))),
    Row("PAA_SEMANTICA", "a digital stamp, elsewhere than at our Checkout", ASKING, about(with_stamp)),
    Row("PAA_SYSTEM_ERROR", "what is owed has not arrived yet", ASKING, about(without_terms)),
    # --- what a citizen asks for at a PSP ---
    Row("PAA_SINTASSI_EXTRAXSD", "datiSpecificiServizio breaks our schema", DEMANDING, asks_for(importo="16,00")),
    Row("PAA_SEMANTICA", "no service has this idServizio", DEMANDING, asks_for(service_id="99999")),
    Row("PAA_SEMANTICA", "no body has this idSoggettoServizio", DEMANDING, asks_for(subject_id="XXXXX")),
    Row("PAA_SEMANTICA", "the service takes another amount", DEMANDING, asks_for(importo="17.00")),
    Row("PAA_SEMANTICA", "the fiscal code is mistyped", DEMANDING, asks_for(codiceFiscale="RSSMRA85T10A562X")),
    Row("PAA_SEMANTICA", "the service wants a fiscal code", DEMANDING, asks_for(codiceFiscale="")),
    Row("PAA_SEMANTICA", "the service wants the student", DEMANDING, asks_for(service_id="00003")),
    Row(
        "PAA_SEMANTICA",
        "the service fixes no amount and none was said",
        DEMANDING,
        asks_for(service_id="00003", causale="", studente=STUDENT),
    ),
    # --- money is never refused for what it says, nor for the way it came (test_payments_receipts_first.py) ---
    Row(None, "a receipt through another broker", SENDING, head(f"<idBrokerPA>{CREDITOR}", "<idBrokerPA>77777777777")),
    Row(None, "a receipt sent to another station", SENDING, head("_01", "_02")),
    Row(None, "a receipt with an element more", SENDING, lambda a, t: f"{HEAD}{right(a, t)}<more/>"),
    Row(None, "a receipt nobody expected: no such notice", SENDING, about("301888888888888888")),
    Row(None, "a receipt nobody expected: paid already", SENDING, about(paid)),
    Row(None, "a receipt nobody expected: cancelled", SENDING, about(with_status("cancelled"))),
    Row(None, "a receipt nobody expected: expired", SENDING, about(with_status("expired"))),
    Row(None, "a receipt nobody expected: another amount", SENDING, lambda _a, t: HEAD + other_amount(t)),
    # --- and where nothing speaks against it ---
    Row(None, "all is well", EVERY, lambda action, town: HEAD + right(action, town)),
]


def other_amount(town: Any) -> str:
    return receipt(town.issue().notice_number, amount="99.00")


def each_row() -> list[Any]:
    return [
        pytest.param(row, action, id=f"{row.fault or 'OK'}-{action}-{row.situation}")
        for row in TABLE
        for action in row.operations
    ]


@pytest.fixture(scope="module")
def official() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SPECS / "xsd" / "wsdl" / "xsd" / "paForNode.xsd"))


@pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schema is not here")
@pytest.mark.parametrize(("row", "action"), each_row())
def test_a_situation_is_answered_with_its_fault(town: Any, official: etree.XMLSchema, row: Row, action: str) -> None:
    answer = town.ask(envelope(action, row.say(action, town)), action)
    assert fault_of(answer) == row.fault
    assert outcome_of(answer) == ("KO" if row.fault else "OK")
    official.assertValid(open_envelope(answer))
    if row.fault:
        assert said(answer, "faultString")
        assert said(answer, "id") is not None


def test_the_first_row_that_holds_is_the_answer(town: Any) -> None:
    """Everything is wrong at once; then one thing after the other is put right, and the next one is told."""
    number = with_status("cancelled", is_paid=True)(town)
    wrong = ("77777777777", "77777777777", "77777777777_09", "<broken/>")
    good = (CREDITOR, CREDITOR, f"{CREDITOR}_01", notice(number))
    faults = []
    for put_right in range(5):
        body, broker, station, inside = good[:put_right] + wrong[put_right:]
        said_so_far = f"<idPA>{body}</idPA><idBrokerPA>{broker}</idBrokerPA><idStation>{station}</idStation>{inside}"
        faults.append(fault_of(town.ask(envelope("paGetPaymentV2", said_so_far))))
    assert faults == [
        "PAA_ID_DOMINIO_ERRATO",
        "PAA_ID_INTERMEDIARIO_ERRATO",
        "PAA_STAZIONE_INT_ERRATA",
        "PAA_SINTASSI_XSD",
        "PAA_PAGAMENTO_DUPLICATO",
    ]


@pytest.mark.parametrize("action", EVERY)
@pytest.mark.parametrize("text", ["<not xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "", "<a/>"])
def test_what_cannot_be_read_gets_a_fault_bean_where_the_soap_action_says_for_what(
    town: Any, action: str, text: str
) -> None:
    for quoted in (action, f'"{action}"'):
        # Of a receipt that cannot be stored the table of receipts says so.
        syntax = "PAA_SINTASSI_EXTRAXSD" if action in SENDING else "PAA_SINTASSI_XSD"
        assert fault_of(town.ask(text, quoted)) == syntax


@pytest.mark.parametrize("action", ["", "paUnknown"])
def test_what_cannot_be_read_and_says_no_operation_gets_a_soap_fault(town: Any, action: str) -> None:
    assert "Fault>" in town.ask("<not xml", action, status=500)


def test_a_demand_while_practices_is_away_is_a_system_error_and_works_afterwards(town: Any, eventually: Any) -> None:
    asked = envelope("paDemandPaymentNotice", HEAD + demand(**ASKED))
    town.kill("practices")
    try:
        assert fault_of(town.ask(asked, "paDemandPaymentNotice")) == "PAA_SYSTEM_ERROR"
    finally:
        wait_until_answering(town.rpc, "practices", town.run("practices", "-m", "chassis.run", "practices"))
    # The node asks again; what is slow to start may miss its first deadline.
    eventually(lambda: outcome_of(town.ask(asked, "paDemandPaymentNotice")) == "OK")


def test_a_demand_asked_twice_gets_the_same_notice_and_that_can_be_paid(town: Any, eventually: Any) -> None:
    asked = envelope("paDemandPaymentNotice", HEAD + demand(**{**ASKED, "causale": "Diploma di Mario"}))
    first, second = (town.ask(asked, "paDemandPaymentNotice") for _ in range(2))
    number = str(said(first, "noticeNumber"))
    assert number == said(second, "noticeNumber")
    assert said(first, "amount") == "16.00"
    # The service and the year: whoever types the number at a PSP reads it.
    assert re.fullmatch(r".*[Bb]ollo.* \d{4}", str(said(first, "paymentDescription")))
    verified = town.ask(envelope("paVerifyPaymentNotice", HEAD + notice(number)))
    assert (outcome_of(verified), said(verified, "amount")) == ("OK", "16.00")
    assert outcome_of(deliver(town, number, amount="16.00")) == "OK"
    eventually(lambda: state_of(town, number) == "paid")
    told = town.timeline(practice_of(town, number))
    assert [entry.kind for entry in told].count("demanded") == 2
    assert said(town.ask(asked, "paDemandPaymentNotice"), "noticeNumber") != number


def practice_of(town: Any, number: str) -> Any:
    with town.practices_database.reading() as session:
        return session.query(practices_models.PracticeRow).filter_by(notice_number=number).one().id


def state_of(town: Any, number: str) -> str:
    with town.practices_database.reading() as session:
        row = session.query(practices_models.PracticeRow).filter_by(notice_number=number).one()
        return str(row.state)
