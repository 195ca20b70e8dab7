"""A receipt made from a notice and a settlement flow, because none has come."""

from datetime import UTC, datetime, time

from contracts.amounts import TOKEN_LIFE
from contracts.calendar import ROME
from contracts.rpc.payments import ReceivedTransfer
from contracts.shapes import Transfer
from services.payments.domain.positions import PaymentTerms, Position
from services.payments.domain.receipts import ReceiptDetails
from services.payments.domain.settlements import ExpectedTransfers, FlowRow, Outcome
from services.payments.models import Receipt, SettlementFlow


def recovered_receipt(row: FlowRow, flow: SettlementFlow, position: Position, now: datetime) -> Receipt:
    """Fill a receipt from the notice and the flow.

    The time of payment is noon in Rome, for the flow only knows the day; its first minute where the payer was told the
    amount of the day before.
    """
    if position.terms is None:
        raise TypeError("a notice without terms has nothing to recover")
    terms, paid_at = terms_of_row(row, flow.creditor_fiscal_code, position.terms)
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
        paid_at=paid_at,
        psp_id=flow.sender_id,
        psp_name=flow.sender_name or flow.sender_id,
        details=details,
        raw_xml="",
        received_at=now,
        source="settlement",
        stand_in=row.outcome in (Outcome.STAND_IN, Outcome.STAND_IN_WITHOUT_REQUEST),
    )


def terms_of_row(row: FlowRow, receiver_fiscal_code: str, terms: PaymentTerms) -> tuple[PaymentTerms, datetime]:
    """Return the terms that the payer of a row was told, and when that may have been paid.

    Those of its day, or of the day before where only they fit: midnight came between question and payment.
    """
    noon = datetime.combine(row.paid_on, time(12), ROME).astimezone(UTC)
    first_minute = datetime.combine(row.paid_on, time(0, 1), ROME).astimezone(UTC)
    told = [(terms.at(noon), noon), (terms.at(first_minute - TOKEN_LIFE), first_minute)]
    for one, paid_at in told:
        if ExpectedTransfers.to(receiver_fiscal_code, one.transfers).transfer_of(row) is not None:
            return one, paid_at
    return told[0]


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
