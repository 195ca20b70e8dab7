"""The receipt document (quietanza) of a practice, or of the practices of a cart."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.rpc import notices, payments
from contracts.rpc.notices import CartReceiptRequest, ReceiptRequest
from contracts.rpc.payments import Receipt, ReceiptsRequest
from services.notices.documents.domain import composition, document_key
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.documents.usecases.document_store import document_reply
from services.notices.documents.usecases.lookup import artworks_of, entity_of, visible_practices


def receipt(dependencies: DocumentDependencies, request: ReceiptRequest, now: datetime) -> notices.Document:
    """Return the quietanza of a practice the viewer may see: every receipt in it, or the one asked for.

    Raises Refused: PRACTICE_NOT_FOUND, RECEIPT_NOT_FOUND.
    """
    practice = visible_practices(dependencies, request.viewer, [request.practice_id])[0]
    received = _receipts_of(dependencies, practice.id)
    wanted = [one for one in received if request.receipt_id in (None, one.receipt_id)]
    entity = entity_of(dependencies, practice.entity_code)
    artworks = artworks_of(dependencies, entity)
    content = composition.receipt_content(practice, entity, wanted, artworks, request.language)
    return document_reply(dependencies, document_key.verifiable(content, dependencies.public_url), [practice], now)


def cart_receipt(dependencies: DocumentDependencies, request: CartReceiptRequest, now: datetime) -> notices.Document:
    """Return one quietanza for the practices of a cart that the viewer may see; what is not paid is left out.

    Raises Refused: PRACTICE_NOT_FOUND when none is visible, RECEIPT_NOT_FOUND when none is paid.
    """
    found = visible_practices(dependencies, request.viewer, request.practice_ids)
    with_receipts = [(practice, _receipts_of(dependencies, practice.id)) for practice in found]
    entity = entity_of(dependencies, found[0].entity_code)
    artworks = artworks_of(dependencies, entity)
    content = composition.cart_receipt_content(with_receipts, entity, artworks, request.language)
    paid = [practice for practice, receipts in with_receipts if receipts]
    return document_reply(dependencies, document_key.verifiable(content, dependencies.public_url), paid, now)


def _receipts_of(dependencies: DocumentDependencies, practice_id: UUID) -> Sequence[Receipt]:
    return dependencies.rpc.call(payments.RECEIPTS, ReceiptsRequest(practice_id=practice_id)).receipts
