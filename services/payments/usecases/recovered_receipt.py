"""A receipt made from a notice and a settlement flow, because none has come."""

from datetime import UTC, datetime, time

from contracts.calendar import ROME
from contracts.rpc.payments import ReceivedTransfer
from contracts.shapes import Transfer
from services.payments.domain.positions import Position
from services.payments.domain.receipts import ReceiptDetails
from services.payments.domain.settlements import FlowRow, Outcome
from services.payments.models import Receipt, SettlementFlow


def recovered_receipt(row: FlowRow, flow: SettlementFlow, position: Position, now: datetime) -> Receipt:
    """Fill a receipt from the notice and the flow. The time of payment is noon in Rome: the flow only knows the day."""
    terms = position.terms
    if terms is None:
        raise TypeError("a notice without terms has nothing to recover")
    own = [transfer for transfer in terms.transfers if transfer.fiscal_code == flow.creditor_fiscal_code]
    details = ReceiptDetails(
        company_name=own[0].company_name if own else "",
        description=terms.shown_description,
        debtor=terms.debtor,
        transfers=[_as_received(transfer) for transfer in terms.transfers],
    )
    return Receipt(
        receipt_id=row.iur,
        creditor_fiscal_code=flow.creditor_fiscal_code,
        owner_fiscal_code=position.creditor_fiscal_code,
        notice_number=position.notice_number,
        iuv=position.iuv,
        entity_code=position.entity_code,
        outcome="OK",
        amount_cents=terms.amount_cents,
        own_share_cents=row.amount_cents,
        paid_at=datetime.combine(row.paid_on, time(12), ROME).astimezone(UTC),
        psp_id=flow.sender_id,
        psp_name=flow.sender_name or flow.sender_id,
        details=details,
        raw_xml="",
        received_at=now,
        source="settlement",
        stand_in=row.outcome in (Outcome.STAND_IN, Outcome.STAND_IN_WITHOUT_REQUEST),
    )


def _as_received(transfer: Transfer) -> ReceivedTransfer:
    return ReceivedTransfer(
        id_transfer=transfer.id_transfer,
        amount_cents=transfer.amount_cents,
        fiscal_code=transfer.fiscal_code,
        company_name=transfer.company_name,
        iban=transfer.iban,
        stamp=transfer.stamp,
        postal_iban=transfer.postal_iban,
        remittance_information=transfer.remittance_information,
        category=transfer.category,
    )
