"""Settlement flows: stored whole, then looked at row by row, in batches that a killed process leaves to the next.

No row stops the others: what is not simply a payment of ours goes onto a worklist. A payment without receipt is
recovered: a receipt is made from the notice, under the IUR the flow gives, so that the node's own receipt is recognised
when it comes.
"""

import base64
import binascii
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from datetime import time as clock_time
from typing import Any, Final
from uuid import UUID

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import PAYMENT_REPORTED
from services.payments import clients
from services.payments.domain.node_time import ROME
from services.payments.domain.positions import Creditor, Position
from services.payments.domain.settlements import Finding, Flow, FlowRow, Owed, Verdict, find
from services.payments.models import Receipt, SettlementFlow, SettlementRow
from services.payments.repository import positions, receipts, settlements
from services.payments.settlement.flow_parser import read_file
from services.payments.usecases.positions import learn
from services.payments.usecases.receipt_judgement import store_judged

log = get_logger(__name__)

_BATCH: Final = 200
# A large flow is finished by the timer: the caller is answered before it stops waiting.
_ANSWER_WITHIN_S: Final = 15.0


def take_file(database: Database, rpc: clients.Rpc, request: Mapping[str, Any], now: datetime) -> str:
    """Take a flow as a file and return its id. Raises what `read_file` and `take_flow` raise."""
    try:
        content = base64.b64decode(request["content_base64"], validate=True)
    except binascii.Error:
        raise Refused(ErrorCode.INVALID_REQUEST, {"field": "content_base64"}) from None
    flow = read_file(content)
    take_flow(database, rpc, flow, request["entity_code"], now)
    return flow.flow_id


def take_flow(database: Database, rpc: clients.Rpc, flow: Flow, entity_code: str, now: datetime) -> None:
    """Store a flow, unless it is here, and look at its rows. A newer one of the same id replaces an older one.

    Raises Refused(SETTLEMENT_TOTALS_DIFFER), Refused(SETTLEMENT_OTHER_BODY) and Unavailable.
    """
    if not flow.adds_up:
        rows_cents = sum(row.amount_cents for row in flow.rows)
        declared = {"count": flow.count, "total_cents": flow.total_cents}
        found = {"rows_count": len(flow.rows), "rows_cents": rows_cents}
        raise Refused(ErrorCode.SETTLEMENT_TOTALS_DIFFER, declared | found)
    if _entity_of(database, rpc, flow.receiver_fiscal_code, now) != entity_code:
        raise Refused(ErrorCode.SETTLEMENT_OTHER_BODY)
    with database.transaction() as tx:
        stored = _store(tx, flow, entity_code, now)
    deadline = time.monotonic() + _ANSWER_WITHIN_S
    while time.monotonic() < deadline and look_at_batch(database, now, stored.id):
        pass


def look_at_pending(database: Database, now: datetime) -> None:
    """Look at rows nobody has finished, and again at those whose receipt or notice has come since."""
    with database.transaction() as tx:
        settlements.look_again(tx.session)
    while look_at_batch(database, now):
        pass


def look_at_batch(database: Database, now: datetime, flow_row_id: int | None = None) -> bool:
    """Look at some rows of one flow; False when there are none."""
    with database.transaction() as tx:
        rows = settlements.take_pending(tx.session, _BATCH, flow_row_id)
        if rows:
            flow = tx.session.get_one(SettlementFlow, rows[0].flow_row_id)
            _Batch.load(tx, flow, rows, now).settle(rows)
    return bool(rows)


def _entity_of(database: Database, rpc: clients.Rpc, fiscal_code: str, now: datetime) -> str | None:
    with database.reading() as session:
        creditor: Creditor | None = positions.creditor(session, fiscal_code)
    if creditor is None and len(fiscal_code) == 11 and fiscal_code.isdecimal():
        creditor = learn(database, clients.ask_positions(rpc, creditor_fiscal_code=fiscal_code), now)
    return creditor.code if creditor else None


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
    if before is not None and is_newer:
        settlements.withdraw(tx.session, before.id, stored.id)
    return stored


@dataclass
class _Batch:
    """Some rows of one flow and all they are compared with: positions and receipts locked, in that order."""

    tx: Tx
    flow: SettlementFlow
    now: datetime
    by_iur: dict[str, Receipt]
    by_practice: dict[UUID, Position]
    by_iuv: dict[str, UUID]
    settled: dict[int, set[int]]

    @classmethod
    def load(cls, tx: Tx, flow: SettlementFlow, rows: Sequence[SettlementRow], now: datetime) -> "_Batch":
        body, iurs = flow.creditor_fiscal_code, {row.iur for row in rows}
        seen = receipts.by_receipt_ids(tx.session, body, iurs)
        without = {row.iuv for row in rows} - {receipt.iuv for receipt in seen}
        practices = {receipt.practice_id for receipt in seen if receipt.practice_id}
        practices |= set(positions.practices_of_iuvs(tx.session, body, without))
        by_practice = positions.by_practice(tx.session, practices, lock=True)
        # Read again, now that nobody can add to them.
        held = receipts.by_receipt_ids(tx.session, body, iurs, lock=True)
        return cls(
            tx=tx,
            flow=flow,
            now=now,
            by_iur={receipt.receipt_id: receipt for receipt in held},
            by_practice=by_practice,
            by_iuv={known.iuv: practice_id for practice_id, known in by_practice.items()},
            settled=settlements.settled_transfers(tx.session, [receipt.id for receipt in held]),
        )

    def settle(self, rows: Sequence[SettlementRow]) -> None:
        """Write what each row is, and announce the practices that are reported whole."""
        findings, touched = [], {}
        for row in rows:
            verdict, receipt = self._look_at(settlements.read_row(row))
            if receipt is not None:
                touched[receipt.id] = receipt
                if verdict.transfer is not None:
                    self.settled.setdefault(receipt.id, set()).add(verdict.transfer)
            practice_id = receipt.practice_id if receipt else self.by_iuv.get(row.iuv)
            findings.append(
                {
                    "id": row.id,
                    "finding": verdict.finding.value,
                    "transfer": verdict.transfer,
                    "receipt_row_id": receipt.id if receipt else None,
                    "practice_id": practice_id,
                }
            )
        settlements.write_findings(self.tx.session, findings)
        for receipt in touched.values():
            self._announce(receipt)

    def _look_at(self, row: FlowRow) -> tuple[Verdict, Receipt | None]:
        receipt = self.by_iur.get(row.iur)
        if receipt is not None and receipt.iuv != row.iuv:
            receipt = None
        practice_id = self.by_iuv.get(row.iuv)
        position = self.by_practice[practice_id] if practice_id else None
        body = self.flow.creditor_fiscal_code
        verdict = find(
            row,
            receipt=Owed.to(body, receipt.details["transfers"]) if receipt else None,
            notice=Owed.to(body, position.terms.transfers) if position and position.terms else None,
            reported=frozenset(self.settled.get(receipt.id, ())) if receipt else frozenset(),
        )
        if verdict.finding is Finding.RECOVERED and position is not None:
            receipt = self._recover(row, position)
            if receipt is None:
                return Verdict(Finding.AMOUNT_DIFFERS), None
        elif verdict.finding is Finding.REPORTED and receipt and receipt.source == "settlement":
            verdict = replace(verdict, finding=Finding.RECOVERED)
        return verdict, receipt

    def _recover(self, row: FlowRow, position: Position) -> Receipt | None:
        """Make the receipt that has not come; None where something that is no payment has its id already."""
        recovered = store_judged(self.tx, _recovered(row, self.flow, position, self.now), position, self.now)
        if recovered is None:
            return None
        log.info("payment_recovered_from_settlement", flow_id=self.flow.flow_id)
        receipt, after = recovered
        self.by_iur[row.iur] = receipt
        self.by_practice[position.practice_id] = after or position
        return receipt

    def _announce(self, receipt: Receipt) -> None:
        """Say that a payment is settled, once all its transfers to the body stand in flows."""
        own = Owed.to(self.flow.creditor_fiscal_code, receipt.details["transfers"]).amounts_by_index
        if receipt.reported_at or not own or not set(own) <= self.settled.get(receipt.id, set()):
            return
        position = self.by_practice.get(receipt.practice_id) if receipt.practice_id else None
        settles = position is not None and position.paid_receipt_id == receipt.receipt_id
        if position is not None and settles:
            position = replace(position, event_sequence=position.event_sequence + 1)
        sequence = position.event_sequence if position else None
        receipts.mark_reported(self.tx.session, receipt.id, self.now, sequence)
        if position is None or not settles:
            return
        reported = {
            "practice_id": position.practice_id,
            "entity_code": position.entity_code,
            "iuv": position.iuv,
            "receipt_id": receipt.receipt_id,
            "flow_id": self.flow.flow_id,
            "amount_cents": sum(own.values()),
            "settled_on": self.flow.settled_on,
        }
        subject, sequence = str(position.practice_id), position.event_sequence
        self.tx.emit(PAYMENT_REPORTED, reported, subject=subject, sequence=sequence, now=self.now)
        positions.record_payment(self.tx.session, position)
        self.by_practice[position.practice_id] = position


def _recovered(row: FlowRow, flow: SettlementFlow, position: Position, now: datetime) -> dict[str, Any]:
    """Fill a receipt from the notice and the flow. The time of payment is noon in Rome: the flow only knows the day."""
    terms = position.terms
    if terms is None:
        raise TypeError("a notice without terms has nothing to recover")
    own = [share["company_name"] for share in terms.transfers if share["fiscal_code"] == flow.creditor_fiscal_code]
    return {
        "receipt_id": row.iur,
        "creditor_fiscal_code": flow.creditor_fiscal_code,
        "owner_fiscal_code": position.creditor_fiscal_code,
        "notice_number": position.notice_number,
        "iuv": position.iuv,
        "entity_code": position.entity_code,
        "outcome": "OK",
        "amount_cents": terms.amount_cents,
        "own_share_cents": row.amount_cents,
        "paid_at": datetime.combine(row.paid_on, clock_time(12), ROME).astimezone(UTC),
        "psp_id": flow.sender_id,
        "psp_name": flow.sender_name or flow.sender_id,
        "details": {
            "company_name": own[0] if own else "",
            "description": terms.description,
            "debtor": dict(terms.debtor),
            "payer": None,
            "fee_cents": None,
            "transfers": [dict(share) for share in terms.transfers],
        },
        "raw_xml": "",
        "received_at": now,
        "source": "settlement",
    }
