"""Decided refunds put into files for the bank, and what the bank did with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from chassis.storage.database import Database, Tx
from contracts.calendar import rome_day
from contracts.codes import AmountCents, Iban
from contracts.errors import ErrorCode, Refused
from contracts.rpc import money_cases as contract
from contracts.rpc.money_cases import ExportRefundsRequest, RefundFileRequest, SettleExportRequest
from contracts.shapes import Creditor
from services.payments.domain.money_cases import Step
from services.payments.models import MoneyCase, RefundExport, RefundExportItem
from services.payments.refunds import credit_transfer, refund_table
from services.payments.repository import money_cases, positions, refund_exports
from services.payments.usecases.case_moves import Move, apply

_NAME_MAX_CHARS: Final = 70


def export(database: Database, request: ExportRefundsRequest, now: datetime) -> contract.RefundExport:
    """Put all decided refunds into one file, once per key; of two at once the second finds none left.

    Raises Refused: NO_REFUNDS_TO_EXPORT, INVALID_IBAN, INVALID_DATE, IDEMPOTENCY_CONFLICT, UNKNOWN_ENTITY.
    """
    account = Iban.typed(request.account_iban)
    asked = {"account_iban": account, "pay_on": request.pay_on.isoformat()}
    with database.transaction() as tx:

        def make() -> dict[str, UUID]:
            if request.pay_on < rome_day(now):
                raise Refused(ErrorCode.INVALID_DATE)
            return {"export_id": _make(tx, request, account, now)}

        made = tx.once(f"refunds:{request.entity_code}", request.idempotency_key, asked, make)
        return _reply(tx.session, _one(tx.session, request.entity_code, made["export_id"]))


def listed(database: Database, request: contract.RefundExportsRequest) -> contract.RefundExports:
    """Return the files of an entity, newest first."""
    with database.reading() as session:
        found = refund_exports.of_entity(session, request.entity_code, request.limit)
        counts = refund_exports.open_counts(session, [one.id for one in found])
        return contract.RefundExports(
            exports=[_told(one, counts.get(one.id, 0)) for one in found],
            account_iban=found[0].account_iban if found else None,
        )


def file(database: Database, request: RefundFileRequest) -> contract.RefundFile:
    """Return a file as it was made. Raises Refused(REFUND_EXPORT_NOT_FOUND)."""
    with database.reading() as session:
        found = _one(session, request.entity_code, request.export_id)
        is_xml = request.format == "xml"
        content = credit_transfer.credit_transfer(found) if is_xml else refund_table.refund_table(found)
    return contract.RefundFile(
        file_name=f"rimborsi_{found.entity_code}_{rome_day(found.created_at):%Y-%m-%d}_{found.id.hex[:8]}.{request.format}",
        media_type=credit_transfer.MEDIA_TYPE if is_xml else refund_table.MEDIA_TYPE,
        content=content,
    )


def settle(database: Database, request: SettleExportRequest, now: datetime) -> contract.RefundExport:
    """Say that the bank has paid a file: its refunds that are still open are done; again is the same as once.

    Raises Refused(REFUND_EXPORT_NOT_FOUND).
    """
    with database.transaction() as tx:
        found = _one(tx.session, request.entity_code, request.export_id)
        for case in money_cases.in_export(tx.session, found.id):
            apply(tx, case, Move(step=Step.REFUND_DONE, actor=request.actor), now)
        return _reply(tx.session, found)


def _make(tx: Tx, request: ExportRefundsRequest, account: Iban, now: datetime) -> UUID:
    cases = money_cases.decided(tx.session, request.entity_code, request.service_codes)
    if not cases:
        raise Refused(ErrorCode.NO_REFUNDS_TO_EXPORT)
    creditor = positions.creditor_of_entity(tx.session, request.entity_code)
    if creditor is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    made = _export_of(request, creditor, account, now)
    tx.session.add(made)
    tx.session.flush()
    before = refund_exports.times_exported(tx.session, [case.id for case in cases])
    tx.session.add_all(_item(made.id, place, case, before.get(case.id, 0)) for place, case in enumerate(cases, 1))
    for case in cases:
        apply(tx, case, Move(step=Step.EXPORT, actor=request.actor, export_id=made.id), now)
    return made.id


def _export_of(request: ExportRefundsRequest, creditor: Creditor, account: Iban, now: datetime) -> RefundExport:
    return RefundExport(
        id=uuid4(),
        entity_code=request.entity_code,
        created_at=now,
        created_by=request.actor,
        pay_on=request.pay_on,
        account_iban=account,
        account_name=creditor.company_name[:_NAME_MAX_CHARS],
        account_fiscal_code=creditor.fiscal_code,
    )


def _item(export_id: UUID, place: int, case: MoneyCase, times_before: int) -> RefundExportItem:
    """Take down a refund as the bank is told of it. Where it was returned before, it is another transfer."""
    if case.iban is None or case.holder is None or case.refund_cents is None:
        raise ValueError("a refund was decided without an account")
    receipt = case.receipt
    return RefundExportItem(
        export_id=export_id,
        place=place,
        case_id=case.id,
        end_to_end_id=f"{case.id.hex}-{times_before + 1}",
        amount_cents=AmountCents(case.refund_cents),
        iban=case.iban,
        holder=case.holder,
        remittance_text=f"Rimborso avviso {receipt.notice_number} ricevuta {receipt.receipt_id}",
        notice_number=receipt.notice_number,
        receipt_id=receipt.receipt_id,
    )


def _one(session: Session, entity_code: str, export_id: UUID) -> RefundExport:
    found = refund_exports.one(session, entity_code, export_id)
    if found is None:
        raise Refused(ErrorCode.REFUND_EXPORT_NOT_FOUND)
    return found


def _reply(session: Session, found: RefundExport) -> contract.RefundExport:
    session.refresh(found, ["items"])
    return _told(found, refund_exports.open_counts(session, [found.id]).get(found.id, 0))


def _told(found: RefundExport, open_count: int) -> contract.RefundExport:
    items: Sequence[RefundExportItem] = found.items
    return contract.RefundExport(
        id=found.id,
        entity_code=found.entity_code,
        created_at=found.created_at,
        created_by=found.created_by,
        pay_on=found.pay_on,
        account_iban=found.account_iban,
        count=len(items),
        total_cents=sum(item.amount_cents for item in items),
        open_count=open_count,
    )
