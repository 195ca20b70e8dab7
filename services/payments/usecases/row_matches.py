"""What the rows of a settlement flow turn out to be, and what follows.

No row stops the others: what is not simply a payment of ours goes onto a worklist. A payment without receipt is
recovered: a receipt is made from the notice, under the IUR the flow gives, so that the node's own receipt is recognised
when it comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.logs import get_logger
from chassis.storage.database import Tx
from contracts.codes import AmountCents
from contracts.events.payments import PAYMENT_REPORTED, PaymentReported
from services.payments.domain.positions import Position
from services.payments.domain.settlements import ExpectedTransfers, Finding, FlowRow, Verdict, find
from services.payments.models import Receipt, SettlementFlow, SettlementRow
from services.payments.repository import positions, receipts, settlements
from services.payments.repository.settlements import RowFinding
from services.payments.usecases.receipt_judgement import store_judged
from services.payments.usecases.recovered_receipt import recovered_receipt

log = get_logger(__name__)


@dataclass
class RowBatch:
    """Some rows of one flow and all they are compared with: positions and receipts locked, in that order."""

    tx: Tx
    flow: SettlementFlow
    now: datetime
    by_iur: dict[str, Receipt]
    by_practice: dict[UUID, Position]
    by_iuv: dict[str, UUID]
    settled: dict[int, set[int]]

    @classmethod
    def load(cls, tx: Tx, flow: SettlementFlow, rows: Sequence[SettlementRow], now: datetime) -> "RowBatch":
        """Lock and read what the rows are compared with."""
        creditor, iurs = flow.creditor_fiscal_code, {row.iur for row in rows}
        seen = receipts.by_receipt_ids(tx.session, creditor, iurs)
        without = {row.iuv for row in rows} - {receipt.iuv for receipt in seen}
        practices = {receipt.practice_id for receipt in seen if receipt.practice_id}
        practices |= set(positions.practices_of_iuvs(tx.session, creditor, without))
        by_practice = positions.by_practice(tx.session, practices, lock=True)
        # Read again, now that nobody can add to them.
        held = receipts.by_receipt_ids(tx.session, creditor, iurs, lock=True)
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
        findings: list[RowFinding] = []
        touched: dict[int, Receipt] = {}
        for row in rows:
            verdict, receipt = self._match(settlements.read_row(row))
            if receipt is not None:
                touched[receipt.id] = receipt
                if verdict.transfer is not None:
                    self.settled.setdefault(receipt.id, set()).add(verdict.transfer)
            findings.append(
                RowFinding(
                    id=row.id,
                    finding=verdict.finding,
                    transfer=verdict.transfer,
                    receipt_row_id=receipt.id if receipt else None,
                    practice_id=receipt.practice_id if receipt else self.by_iuv.get(row.iuv),
                )
            )
        settlements.save_findings(self.tx.session, findings)
        for receipt in touched.values():
            self._announce(receipt)

    def _match(self, row: FlowRow) -> tuple[Verdict, Receipt | None]:
        receipt = self.by_iur.get(row.iur)
        if receipt is not None and receipt.iuv != row.iuv:
            receipt = None
        practice_id = self.by_iuv.get(row.iuv)
        position = self.by_practice[practice_id] if practice_id else None
        creditor = self.flow.creditor_fiscal_code
        verdict = find(
            row,
            receipt=ExpectedTransfers.to(creditor, receipt.details.transfers) if receipt else None,
            notice=ExpectedTransfers.to(creditor, position.terms.transfers) if position and position.terms else None,
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
        receipt = recovered_receipt(row, self.flow, position, self.now)
        stored, after = store_judged(self.tx, receipt, position, self.now)
        if not stored:
            return None
        log.info("payment_recovered_from_settlement", flow_id=self.flow.flow_id)
        self.by_iur[row.iur] = receipt
        self.by_practice[position.practice_id] = after or position
        return receipt

    def _announce(self, receipt: Receipt) -> None:
        """Announce that a payment is settled, once all its transfers to the creditor stand in flows."""
        own = ExpectedTransfers.to(self.flow.creditor_fiscal_code, receipt.details.transfers).amounts_by_index
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
        reported = PaymentReported(
            practice_id=position.practice_id,
            entity_code=position.entity_code,
            iuv=position.iuv,
            receipt_id=receipt.receipt_id,
            flow_id=self.flow.flow_id,
            amount_cents=AmountCents(sum(own.values())),
            settled_on=self.flow.settled_on,
        )
        subject, sequence = str(position.practice_id), position.event_sequence
        self.tx.emit(PAYMENT_REPORTED, reported, subject=subject, sequence=sequence, now=self.now)
        positions.record_payment(self.tx.session, position)
        self.by_practice[position.practice_id] = position
