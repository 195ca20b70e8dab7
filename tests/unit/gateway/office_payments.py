"""Payments behind the office's pages, as the pages meet them: one message, one refused receipt, one asked for."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.rpc import office_receipts, payment_story, payments
from contracts.rpc.payments import TakenReceipt
from tests.unit.gateway.gateway_services import NOW

MESSAGE = "receipt:7"
REFUSED = 12
XML = "<receipt><fullName>Mario Rossi</fullName></receipt>"


class PaymentsDesk:
    """What a test arranges and looks at."""

    def __init__(self) -> None:
        self.message = payment_story.NodeMessage(
            id=MESSAGE, kind="receipt", at=NOW, source="node", receipt_id="RT-1", masked_xml="<receipt>•••</receipt>"
        )
        self.refused = office_receipts.RefusedReceipt(
            id=REFUSED, at=NOW, notice_number="301000000000000113", fault="PAA_SYSTEM_ERROR", receipt_id="RT-2"
        )
        self.recovery = office_receipts.Recovery(
            iur="IUR-1", state="waiting", problem="not_found", requested_at=NOW, next_try_at=NOW
        )
        self.taken = TakenReceipt(receipt_id="RT-2", notice_number="301000000000000113")
        self.next_before: int | None = None

    def answers(self) -> dict[Any, Any]:
        return {
            payment_story.NODE_MESSAGES: lambda _: payment_story.NodeMessages(messages=[self.message]),
            payment_story.READ_MESSAGE: self._read,
            office_receipts.REFUSED_RECEIPTS: lambda _: office_receipts.RefusedReceipts(
                receipts=[self.refused], next_before=self.next_before
            ),
            office_receipts.TAKE_REFUSED: self._take,
            office_receipts.RECOVER_RECEIPT: lambda _: office_receipts.AskedReceipt(state=self.recovery.state),
            office_receipts.RECOVERIES: lambda _: office_receipts.Recoveries(recoveries=[self.recovery]),
            payments.TAKE_RECEIPT: self._take_file,
        }

    def _read(self, asked: payment_story.ReadMessageRequest) -> payment_story.WholeMessage:
        if not asked.reason:
            raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
        if asked.message_id != MESSAGE or asked.practice_id != UUID(int=1):
            raise Refused(ErrorCode.NOT_FOUND)
        return payment_story.WholeMessage(xml=XML)

    def _take(self, asked: office_receipts.TakeRefusedRequest) -> TakenReceipt:
        if asked.id != REFUSED:
            raise Refused(ErrorCode.NOT_FOUND)
        return self.taken

    def _take_file(self, asked: payments.TakeReceiptRequest) -> TakenReceipt:
        if "paSendRTV2" not in asked.envelope:
            raise Refused(ErrorCode.INVALID_REQUEST)
        return replace(self.taken, receipt_id="RT-3")
