"""Settlement flows: stored whole, then matched row by row, in batches that a killed process leaves to the next."""

import base64
import binascii
import time
from collections.abc import Collection
from datetime import datetime
from typing import Final

from chassis import deadline
from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.logs import get_logger
from chassis.storage.database import Database, Tx, is_out_of_reach
from contracts.actors import Actor
from contracts.call import Rpc
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc.settlement import TakeSettlementRequest
from services.payments.domain.settlements import Flow, LargeFlow
from services.payments.metrics import FLOWS_NOT_ADDING_UP, FLOWS_UNREADABLE
from services.payments.models import SettlementFile, SettlementFlow
from services.payments.repository import bank_credits, settlement_files, settlements
from services.payments.settlement.flow_reader import read_flow, read_unless_large
from services.payments.usecases.positions import known_creditor
from services.payments.usecases.row_matches import RowBatch

log = get_logger(__name__)

UPLOADED: Final = "settlement.upload"
_BATCH: Final = 200
_NAMED_ROWS: Final = 20
# A large flow is finished by the timer: the caller is answered before it stops waiting.
_ANSWER_WITHIN_S: Final = 15.0
_TO_ANSWER_S: Final = 5.0


def take_file(database: Database, rpc: Rpc, request: TakeSettlementRequest, now: datetime) -> str:
    """Take a flow as a file and return its id. Raises what `read_flow` and `take_flow` raise.

    A large one is put aside, once its head is read, for `take_waiting`: its rows would take longer than anybody waits.
    """
    try:
        content = base64.b64decode(request.content_base64, validate=True)
    except binascii.Error:
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="content_base64")) from None
    flow = read_unless_large(content)
    if isinstance(flow, LargeFlow):
        _put_aside(database, rpc, flow.head, request, content, now)
        return flow.head.flow_id
    take_flow(database, rpc, flow, request.entity_code, now, request.actor)
    return flow.flow_id


def take_waiting(database: Database, rpc: Rpc) -> None:
    """Read the large flows that were put aside, oldest first. One that is refused keeps its reason and stops no other.

    A killed process leaves what it was reading to the next.
    """
    while True:
        with database.transaction() as tx:
            file = settlement_files.take(tx.session)
        if file is None or not _take_aside(database, rpc, file):
            return


def _take_aside(database: Database, rpc: Rpc, file: SettlementFile) -> bool:
    """Read a flow that was put aside; False when it has to wait, because something is away."""
    try:
        take_flow(database, rpc, read_flow(file.content or b""), file.entity_code, file.received_at)
    except Refused as refused:
        FLOWS_UNREADABLE.inc()
        log.warning("settlement_file_refused", flow_id=file.flow_id, code=refused.code, reason=refused.params)
        with database.transaction() as tx:
            settlement_files.refuse(tx.session, file.id, refused.code.value, refused.params)
        return True
    except Unavailable as error:
        log.info("settlement_file_waits", flow_id=file.flow_id, code=error.code)
        with database.transaction() as tx:
            settlement_files.give_back(tx.session, file.id)
        return False
    with database.transaction() as tx:
        settlement_files.forget(tx.session, file.id)
    return True


def take_flow(
    database: Database, rpc: Rpc, flow: Flow, entity_code: str, now: datetime, actor: Actor | None = None
) -> None:
    """Store a flow, unless it is here, and match its rows. A newer one of the same id replaces an older one.

    `actor`: who sent it, for the audit; what pagoPA published comes from nobody.

    One whose rows do not add up to what it declares is stored and flagged: its payments were made all the same.

    Raises Refused(SETTLEMENT_OTHER_BODY) and Unavailable.
    """
    _check_receiver(database, rpc, flow, entity_code, now)
    with database.transaction() as tx:
        is_new = settlements.revision(tx.session, flow) is None
        stored = _store(tx, flow, entity_code, now)
        if is_new:
            _note(tx, actor, entity_code, flow, now)
    if not flow.adds_up:
        FLOWS_NOT_ADDING_UP.inc()
        unread = {one.position: one.reason for one in flow.unread[:_NAMED_ROWS]}
        log.warning(
            "settlement_flow_does_not_add_up",
            flow_id=flow.flow_id,
            count=flow.count,
            rows=len(flow.rows),
            unread=unread,
        )
    ends_at_s = time.monotonic() + deadline.remaining_s(_ANSWER_WITHIN_S + _TO_ANSWER_S) - _TO_ANSWER_S
    while time.monotonic() < ends_at_s and match_batch(database, now, stored.id):
        pass


def match_pending(database: Database, now: datetime) -> None:
    """Match rows nobody has finished, and again those whose receipt or notice has come since.

    Whatever is raised over one flow, those behind it are matched.
    """
    with database.transaction() as tx:
        settlements.look_again(tx.session)
    done: set[int] = set()
    while (flow_row_id := _next_pending(database, done)) is not None:
        try:
            if match_batch(database, now, flow_row_id):
                continue
        except Exception as error:
            if is_out_of_reach(error):
                raise
            log.exception("settlement_flow_stuck", flow=flow_row_id)
        done.add(flow_row_id)


def _next_pending(database: Database, done: Collection[int]) -> int | None:
    with database.reading() as session:
        return settlements.next_pending(session, done)


def match_batch(database: Database, now: datetime, flow_row_id: int) -> bool:
    """Match some rows of a flow; False when there are none that nobody else is at."""
    with database.transaction() as tx:
        rows = settlements.take_pending(tx.session, _BATCH, flow_row_id)
        if rows:
            flow = tx.session.get_one(SettlementFlow, rows[0].flow_row_id)
            RowBatch.load(tx, flow, rows, now).settle(rows)
    return bool(rows)


def _check_receiver(database: Database, rpc: Rpc, flow: Flow, entity_code: str, now: datetime) -> None:
    receiver = known_creditor(database, rpc, flow.receiver_fiscal_code, now)
    if receiver is None or receiver.code != entity_code:
        raise Refused(ErrorCode.SETTLEMENT_OTHER_BODY)


def _put_aside(
    database: Database, rpc: Rpc, head: Flow, request: TakeSettlementRequest, content: bytes, now: datetime
) -> None:
    _check_receiver(database, rpc, head, request.entity_code, now)
    with database.transaction() as tx:
        if settlements.revision(tx.session, head) is None:
            settlement_files.put(tx.session, head, request.entity_code, content, now)
            _note(tx, request.actor, request.entity_code, head, now)


def _note(tx: Tx, actor: Actor | None, entity_code: str, flow: Flow, now: datetime) -> None:
    """Append to the audit which flow somebody sent."""
    if actor is None:
        return
    change = Change(
        entity_code=entity_code,
        actor=actor,
        operation=UPLOADED,
        subject=flow.flow_id,
        after={"total_cents": flow.total_cents, "rows": flow.count},
    )
    entries.append(tx, change, now)


def _store(tx: Tx, flow: Flow, entity_code: str, now: datetime) -> SettlementFlow:
    settlements.hold_id(tx.session, flow.receiver_fiscal_code, flow.flow_id)
    if known := settlements.revision(tx.session, flow):
        return known
    before = settlements.newest(tx.session, flow.receiver_fiscal_code, flow.flow_id, lock=True)
    is_newer = before is None or (flow.flow_at, flow.revision) > (before.flow_at, before.revision)
    if before is not None and is_newer:
        before.current = False
        tx.session.flush()
    stored = settlements.add(tx.session, flow, entity_code, current=is_newer, now=now)
    bank_credits.name_flow(tx.session, entity_code, flow.flow_id)
    if before is not None and is_newer:
        settlements.withdraw(tx.session, before.id, stored.id)
    return stored
