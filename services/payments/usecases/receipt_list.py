"""The receipts of a practice and of an entity, and the stamps that came with them."""

import base64
from typing import Final
from uuid import UUID

from chassis.storage.database import Database
from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused
from contracts.rpc.payments import PaymentsPage, PaymentsRequest, Receipts, StampFile
from services.payments.repository import positions, receipts
from services.payments.soap.receipts import attached_stamp
from services.payments.usecases.replies import receipt_reply

_START: Final = (0, 0)


def receipts_of(database: Database, practice_id: UUID) -> Receipts:
    """Return the receipts of a practice, oldest first."""
    with database.reading() as session:
        return Receipts(receipts=[receipt_reply(receipt) for receipt in receipts.of_practice(session, practice_id)])


def stamp_file(database: Database, practice_id: UUID) -> StampFile:
    """Return the digital stamp that came with a payment of a practice, as the node sent it.

    Raises Refused(STAMP_NOT_FOUND).
    """
    with database.reading() as session:
        for receipt in receipts.of_practice(session, practice_id):
            for bought in receipt.details.stamps or ():
                content = attached_stamp(receipt.raw_xml, bought.transfer)
                if content is not None:
                    return StampFile(
                        file_name=f"marca_da_bollo_{bought.iubd or receipt.receipt_id}.xml",
                        media_type="application/xml",
                        content_base64=base64.b64encode(content).decode(),
                    )
    raise Refused(ErrorCode.STAMP_NOT_FOUND)


def payments_page(database: Database, request: PaymentsRequest) -> PaymentsPage:
    """Return a page of an entity's receipts. The cursor never skips a receipt, whatever commits meanwhile.

    Raises Refused(INVALID_REQUEST) for a cursor that is none of ours. Callers who poll store `next_cursor`: it is None
    only where there is nothing after the cursor given.
    """
    after = _read_cursor(request.cursor)
    with database.reading() as session:
        found = receipts.page(session, request, after)
        known = positions.bookkeeping(session, {one.practice_id for one in found if one.practice_id})
        told = [receipt_reply(one, known.get(one.practice_id) if one.practice_id else None) for one in found]
    return PaymentsPage(receipts=told, next_cursor=f"{found[-1].transaction}-{found[-1].id}" if found else None)


def _read_cursor(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return _START
    transaction, _, row = cursor.partition("-")
    if not (transaction.isdecimal() and row.isdecimal()):
        raise Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(field="cursor"))
    return int(transaction), int(row)
