"""What an office sees of the node's messages, and the receipts it takes in or asks for: each in the audit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from chassis.audit import entries
from contracts.actors import Actor
from contracts.errors import Refused
from contracts.rpc.audit import AuditRequest
from contracts.rpc.office_receipts import RecoveriesRequest, RefusedReceiptsRequest, TakeRefusedRequest
from contracts.rpc.payment_story import NodeMessagesRequest, ReadMessageRequest
from contracts.rpc.payments import TakeReceiptRequest
from services.payments import models
from services.payments.soap.masked_messages import MASK, masked
from services.payments.usecases import late_receipt, node_messages, refused_receipts, wanted_receipts
from services.payments.usecases.node.context import NodeContext
from tests.integration.payments.payments_actors import (
    START,
    Practices,
    ask_node,
    position,
    receipt,
    verify,
)

MARIA = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000a")
PAID = START + timedelta(hours=1)
PRACTICE = position(1).practice_id


@pytest.fixture
def practices():
    played = Practices()
    played.issued = {number: position(number) for number in range(1, 4)}
    return played


@pytest.fixture
def context(database, practices):
    return NodeContext(database, practices, PAID)


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        attempt()
    return refused.value.code.value


def audited(database: Any) -> list[tuple[str, str, str, str | None, dict[str, Any]]]:
    with database.reading() as session:
        page = entries.page(session, models.AuditEntry, AuditRequest(entity_code="PM108"))
    return [(one.operation, one.actor.id, one.subject, one.reason, dict(one.after)) for one in reversed(page.entries)]


def messages(database: Any, entity_code: str = "PM108") -> Any:
    request = NodeMessagesRequest(entity_code=entity_code, practice_id=PRACTICE)
    return node_messages.messages(database, request).messages


# ---- the node's messages


def test_what_says_who_somebody_is_is_covered_and_the_rest_is_there() -> None:
    text = (
        receipt(1, "R1", 1000, "Per Mario Rossi").replace("Prova", "Mario Rossi").replace("ANONIMO", "RSSMRA85T10A562S")
    )
    shown = masked(text)
    assert shown is not None
    for personal in ("Mario", "RSSMRA85T10A562S", "TARI"):
        assert personal not in shown, personal
    assert shown.count(MASK) == 5  # identifier, name, causale, remittance, note
    for told in ("<receiptId>R1<", "10.00", "IT60X0542811101000000123456", "<idPSP>PSP<"):
        assert told in shown, told
    assert masked("<a>") is None
    assert masked("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>") is None


def test_the_messages_about_a_practice_are_shown_masked_oldest_first(database, practices, refused_receipt) -> None:
    ask_node(database, practices, PAID, verify(1))
    ask_node(database, practices, PAID, receipt(1, "R1", 1000, None))
    found = messages(database)
    assert [(one.kind, one.receipt_id, one.fault) for one in found] == [
        ("refused_receipt", None, "PAA_SINTASSI_XSD"),
        ("receipt", "R1", None),
    ]
    assert all("Prova" not in one.masked_xml for one in found)
    assert messages(database, "OTHER") == []


@pytest.fixture
def refused_receipt(database, practices) -> str:
    """A receipt that came broken, and was refused."""
    ask_node(database, practices, START, verify(1))
    broken = receipt(1, "R0", 1000, None).replace("10.00", "10,00")
    ask_node(database, practices, START, broken)
    return broken


def test_a_message_is_read_whole_for_a_reason_that_stands_in_the_audit(database, practices, refused_receipt) -> None:
    ask_node(database, practices, PAID, receipt(1, "R1", 1000, None))
    first, second = messages(database)

    def read(message_id: str, reason: str = "Reclamo 12", entity_code: str = "PM108") -> str:
        request = ReadMessageRequest(
            entity_code=entity_code, practice_id=PRACTICE, message_id=message_id, actor=MARIA, reason=reason
        )
        return node_messages.read(database, request, PAID).xml

    assert code_of(lambda: read(second.id, "  ")) == "description_required"
    assert code_of(lambda: read("receipt:999999")) == "not_found"
    assert code_of(lambda: read(second.id, entity_code="OTHER")) == "not_found"
    assert audited(database) == []
    assert read(first.id) == refused_receipt
    assert "<fullName>Prova<" in read(second.id, " Reclamo  13 ")
    assert audited(database) == [
        ("payments.read_message", MARIA.id, str(PRACTICE), "Reclamo 12", {"message": first.id}),
        ("payments.read_message", MARIA.id, str(PRACTICE), "Reclamo 13", {"message": second.id}),
    ]


# ---- receipts that were refused


def test_a_refused_receipt_is_listed_for_its_entity_and_taken_in_once_it_can_be(database, practices, context) -> None:
    stranger = receipt(1, "R1", 1000, None)
    practices.gone = True
    ask_node(database, practices, START, stranger)
    practices.gone = False
    ask_node(database, practices, START, verify(1))
    [one] = refused_receipts.listed(database, RefusedReceiptsRequest(entity_code="PM108")).receipts
    assert (one.receipt_id, one.taken, one.notice_number) == ("R1", False, position(1).notice_number)
    assert refused_receipts.listed(database, RefusedReceiptsRequest(entity_code="OTHER")).receipts == []
    request = TakeRefusedRequest(entity_code="PM108", id=one.id, actor=MARIA)
    assert refused_receipts.take(context, request).fault is None
    assert refused_receipts.take(context, request).fault is None
    [one] = refused_receipts.listed(database, RefusedReceiptsRequest(entity_code="PM108")).receipts
    assert one.taken
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(models.Receipt)) == 1
    taken = ("payments.take_receipt", MARIA.id, position(1).notice_number, None, {"receipt": "R1"})
    assert audited(database) == [taken, taken]
    theirs = TakeRefusedRequest(entity_code="OTHER", id=one.id, actor=MARIA)
    assert code_of(lambda: refused_receipts.take(context, theirs)) == "not_found"
    unknown = TakeRefusedRequest(entity_code="PM108", id=one.id + 1000, actor=MARIA)
    assert code_of(lambda: refused_receipts.take(context, unknown)) == "not_found"


def test_what_is_refused_again_changes_nothing_and_is_not_stored_twice(database, context, refused_receipt) -> None:
    [one] = refused_receipts.listed(database, RefusedReceiptsRequest(entity_code="PM108")).receipts
    taken = refused_receipts.take(context, TakeRefusedRequest(entity_code="PM108", id=one.id, actor=MARIA))
    assert taken.fault == "PAA_SINTASSI_XSD"
    assert len(refused_receipts.listed(database, RefusedReceiptsRequest(entity_code="PM108")).receipts) == 1
    assert audited(database) == []


def test_refused_receipts_come_page_by_page(database, practices, refused_receipt) -> None:
    ask_node(database, practices, PAID, refused_receipt)
    first = refused_receipts.listed(database, RefusedReceiptsRequest(entity_code="PM108", limit=1))
    assert (len(first.receipts), first.next_before) == (1, first.receipts[0].id)
    request = RefusedReceiptsRequest(entity_code="PM108", limit=1, before=first.next_before)
    second = refused_receipts.listed(database, request)
    assert (len(second.receipts), second.next_before) == (1, None)
    assert second.receipts[0].id < first.receipts[0].id


def test_a_receipt_in_a_file_is_taken_in_with_who_did(database, practices, context) -> None:
    ask_node(database, practices, START, verify(1))
    request = TakeReceiptRequest(entity_code="PM108", envelope=receipt(1, "R1", 1000, None), actor=MARIA)
    assert late_receipt.take_for_entity(context, request).fault is None
    [(operation, who, *_)] = audited(database)
    assert (operation, who) == ("payments.take_receipt", MARIA.id)


# ---- receipts that never came


def test_a_receipt_is_asked_for_once_with_who_did(database, practices) -> None:
    assert code_of(lambda: wanted_receipts.want(database, "PM108", "IUR-1", None, PAID, MARIA)) == "unknown_entity"
    ask_node(database, practices, START, verify(1))
    for _ in range(2):
        assert wanted_receipts.want(database, "PM108", "IUR-1", "0" * 17, PAID, MARIA) == "waiting"
    assert audited(database) == [("payments.recover_receipt", MARIA.id, "IUR-1", None, {})]
    [one] = refused_receipts.recoveries_of(database, RecoveriesRequest(entity_code="PM108")).recoveries
    assert (one.iur, one.iuv, one.state, one.requested_at) == ("IUR-1", "0" * 17, "waiting", PAID)
    assert refused_receipts.recoveries_of(database, RecoveriesRequest(entity_code="OTHER")).recoveries == []
