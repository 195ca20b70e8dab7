"""What the rows of a settlement flow turn out to be, and what follows.

No row stops the others: what is not simply a payment of ours goes onto a worklist. A payment without receipt is
recovered: a receipt is made from the notice, under the IUR the flow gives, and the node's own receipt takes its place
when it comes. PSPs write numbers of their own for the IUR: then the row is the receipt of that notice and amount that
no flow has reported yet, and never a second payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.logs import get_logger
from chassis.storage.database import Tx
from services.payments.domain.positions import Position
from services.payments.domain.settlements import ExpectedTransfers, Finding, FlowRow, Outcome, Verdict, find
from services.payments.models import Receipt, SettlementFlow, SettlementRow
from services.payments.repository import node_calls, positions, receipts, recoveries, settlements
from services.payments.repository.recoveries import Reason
from services.payments.repository.settlements import RowFinding
from services.payments.usecases.receipt_judgement import store_judged
from services.payments.usecases.recovered_receipt import recovered_receipt, terms_of_row
from services.payments.usecases.reported import announce, own_transfers, paying, settles

log = get_logger(__name__)


@dataclass
class RowBatch:
    """Some rows of one flow and all they are compared with: positions and receipts locked, in that order."""

    tx: Tx
    flow: SettlementFlow
    now: datetime
    receipts: list[Receipt]
    by_practice: dict[UUID, Position]
    by_iuv: dict[str, UUID]
    settled: dict[int, set[int]]
    reported: set[int]

    @classmethod
    def load(cls, tx: Tx, flow: SettlementFlow, rows: Sequence[SettlementRow], now: datetime) -> "RowBatch":
        """Lock and read what the rows are compared with."""
        creditor, iurs = flow.creditor_fiscal_code, {row.iur for row in rows}
        seen = receipts.by_receipt_ids(tx.session, creditor, iurs)
        named = {row.iuv for row in rows}
        practices = {receipt.practice_id for receipt in seen if receipt.practice_id}
        practices |= set(positions.practices_of_iuvs(tx.session, creditor, named))
        by_practice = positions.by_practice(tx.session, practices, lock=True)
        positions.hold_debt_positions(tx.session, by_practice.values())
        # Read again, now that nobody can add to them.
        held = {receipt.id: receipt for receipt in receipts.by_receipt_ids(tx.session, creditor, iurs, lock=True)}
        held |= {receipt.id: receipt for receipt in receipts.of_iuvs(tx.session, creditor, named)}
        own = [known for known in by_practice.values() if known.creditor_fiscal_code == creditor]
        return cls(
            tx=tx,
            flow=flow,
            now=now,
            receipts=[held[row_id] for row_id in sorted(held)],
            by_practice=by_practice,
            by_iuv={known.iuv: known.practice_id for known in own},
            settled=settlements.settled_transfers(tx.session, list(held)),
            reported={receipt.id for receipt in held.values() if receipt.reported_at is not None},
        )

    def settle(self, rows: Sequence[SettlementRow]) -> None:
        """Write what each row is, and announce the practices that are reported whole."""
        findings: list[RowFinding] = []
        touched: dict[int, Receipt] = {}
        for row in rows:
            read = settlements.read_row(row)
            verdict, receipt = self._match(read)
            self._want_receipt(read, receipt)
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
        settlements.save_findings(self.tx.session, findings, self.now)
        for receipt in touched.values():
            self._announce(receipt)

    def _want_receipt(self, row: FlowRow, receipt: Receipt | None) -> None:
        """Ask for the receipt of a payment of ours that the bank has been told of and the node has not told us."""
        practice_id = self.by_iuv.get(row.iuv)
        has_come = receipt is not None and receipt.source != "settlement"
        if practice_id is None or has_come or row.outcome is Outcome.REVOKED:
            return
        terms = self.by_practice[practice_id].terms
        reason = Reason.STAMP if terms and terms.has_stamp else Reason.SETTLEMENT
        recoveries.request(self.tx.session, self.flow.creditor_fiscal_code, row.iur, row.iuv, reason, self.now)

    def _match(self, row: FlowRow) -> tuple[Verdict, Receipt | None]:
        receipt = self._named_receipt(row) or self._receipt_of_notice(row)
        practice_id = self.by_iuv.get(row.iuv)
        position = self.by_practice[practice_id] if practice_id else None
        if receipt is None and position is not None and position.paid_receipt_id and row.outcome is not Outcome.REVOKED:
            # It was paid, and not by this: a payment is never made up of a row beside one that is known.
            return Verdict(Finding.NO_RECEIPT_FITS), None
        verdict = find(
            row,
            receipt=own_transfers(receipt) if receipt else None,
            notice=self._expected_of_notice(row, position) if position else None,
            reported=frozenset(self.settled.get(receipt.id, ())) if receipt else frozenset(),
        )
        if verdict.finding is Finding.RECOVERED and position is not None:
            if not self._was_asked_for(row, position):
                return Verdict(Finding.NEVER_ACTIVATED), None
            receipt = self._recover(row, position)
            if receipt is None:
                return Verdict(Finding.AMOUNT_DIFFERS), None
        elif verdict.finding is Finding.REPORTED and receipt and receipt.source == "settlement":
            verdict = replace(verdict, finding=Finding.RECOVERED)
        return verdict, receipt

    def _named_receipt(self, row: FlowRow) -> Receipt | None:
        """Return the receipt a row names by IUR and IUV; of two with one id, the one the row is a transfer of."""
        named = [
            one for one in self.receipts if one.iuv == row.iuv and row.iur in (one.receipt_id, one.node_receipt_id)
        ]
        return next((one for one in named if self._is_free(one, row)), next(iter(named), None))

    def _receipt_of_notice(self, row: FlowRow) -> Receipt | None:
        """Return a receipt of our own notice that the row may report, though the PSP gave it a number of its own."""
        creditor = self.flow.creditor_fiscal_code
        own = (one for one in self.receipts if one.iuv == row.iuv and one.owner_fiscal_code == creditor)
        return next((one for one in own if one.reported_at is None and self._is_free(one, row)), None)

    def _is_free(self, receipt: Receipt, row: FlowRow) -> bool:
        """Return whether the row is a transfer of the receipt that no other row holds."""
        transfer = own_transfers(receipt).transfer_of(row)
        return transfer is not None and transfer not in self.settled.get(receipt.id, ())

    def _expected_of_notice(self, row: FlowRow, position: Position) -> ExpectedTransfers | None:
        if position.terms is None:
            return None
        creditor = self.flow.creditor_fiscal_code
        terms, _ = terms_of_row(row, creditor, position.terms)
        return ExpectedTransfers.to(creditor, terms.transfers)

    def _was_asked_for(self, row: FlowRow, position: Position) -> bool:
        """Return whether a row without receipt can be our notice's: an IUV is unique for its owner only.

        An ordinary payment made the node ask us first; by stand-in or without request it did not.
        """
        if row.outcome is not Outcome.EXECUTED:
            return True
        return node_calls.activation(self.tx.session, position.practice_id, self.now).ever

    def _recover(self, row: FlowRow, position: Position) -> Receipt | None:
        """Make the receipt that has not come; None where something that is no payment has its id already."""
        receipt = recovered_receipt(row, self.flow, position, self.now)
        stored, after = store_judged(self.tx, receipt, position, self.now)
        if not stored:
            return None
        log.info("payment_recovered_from_settlement", flow_id=self.flow.flow_id)
        self.receipts.append(receipt)
        self.by_practice[position.practice_id] = after or position
        return receipt

    def _announce(self, receipt: Receipt) -> None:
        """Note that a payment is settled, once all its transfers to the creditor stand in flows; so its practice."""
        own = own_transfers(receipt).amounts_by_index
        if receipt.id in self.reported or not own or not set(own) <= self.settled.get(receipt.id, set()):
            return
        self.reported.add(receipt.id)
        position = self.by_practice.get(receipt.practice_id) if receipt.practice_id else None
        known = [one for one in self.receipts if position is not None and one.practice_id == position.practice_id]
        is_one_of_it = position is not None and receipt in paying(position, known)
        if position is not None and is_one_of_it and settles(position, known, self.reported):
            position = announce(self.tx, position, known, self.flow, self.now)
            self.by_practice[position.practice_id] = position
        receipts.mark_reported(self.tx.session, receipt.id, self.now, position.event_sequence if position else None)
