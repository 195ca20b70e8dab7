"""What notices does for a caller: notices, receipts, and whether a document is genuine."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chassis import logs
from chassis.messaging.rpc_client import RpcClient
from chassis.storage.database import Database
from contracts.errors import ErrorCode, Refused
from contracts.events.notices import NOTICE_ISSUED
from contracts.rpc import payments, practices
from services.notices.documents import repository
from services.notices.documents.domain import composition, document_key, verification
from services.notices.documents.domain.content import Artworks, Content, NoticeContent
from services.notices.documents.logos import entity_logo, load_logo
from services.notices.documents.renderers import Renderers
from services.notices.mail import repository as mail_repository
from services.notices.models import Document
from services.notices.settings import Settings

log = logs.get_logger(__name__)

_PRACTICES_PER_CALL: Final = 200


@dataclass(frozen=True)
class Parts:
    """What both use cases work with."""

    database: Database
    rpc: RpcClient
    renderers: Renderers
    settings: Settings


def notice(parts: Parts, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the notice of a practice the viewer may see, masked where the practice is; of its plan where asked.

    Raises Refused: PRACTICE_NOT_FOUND, or the code of the reason why there is nothing left to pay.
    """
    practice = _visible_practice(parts, request)
    owed = [practice]
    if request["whole_plan"]:
        wanted = {"viewer": request["viewer"], "practice_id": practice["id"]}
        owed = composition.still_to_pay(parts.rpc.call(practices.PLAN, wanted)["practices"]) or owed
    composition.refuse_unprintable(owed[0])
    entity = _entity(parts, practice)
    languages = request["language"], request["second_language"]
    content = composition.notice_content(owed, entity, artworks_of(parts, entity), *languages)
    return _document(parts, verification.verifiable(content, parts.settings.public_url), owed, now)


def receipt(parts: Parts, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the quietanza of a practice the viewer may see: every receipt in it, or the one asked for.

    Raises Refused: PRACTICE_NOT_FOUND, RECEIPT_NOT_FOUND.
    """
    practice = _visible_practice(parts, request)
    kept = parts.rpc.call(payments.RECEIPTS, {"practice_id": practice["id"]})["receipts"]
    receipts = [one for one in kept if request["receipt_id"] in (None, one["receipt_id"])]
    entity = _entity(parts, practice)
    content = composition.receipt_content(practice, entity, receipts, artworks_of(parts, entity), request["language"])
    return _document(parts, verification.verifiable(content, parts.settings.public_url), [practice], now)


def cart_receipt(parts: Parts, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return one quietanza for the practices of a cart that the viewer may see; what is not paid is left out.

    Raises Refused: PRACTICE_NOT_FOUND when none is visible, RECEIPT_NOT_FOUND when none is paid.
    """
    wanted = {"viewer": request["viewer"], "practice_ids": request["practice_ids"]}
    found = parts.rpc.call(practices.GET_MANY, wanted)["practices"]
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    paid = [(item, parts.rpc.call(payments.RECEIPTS, {"practice_id": item["id"]})["receipts"]) for item in found]
    entity = _entity(parts, found[0])
    content = composition.cart_receipt_content(paid, entity, artworks_of(parts, entity), request["language"])
    owed = [practice for practice, receipts in paid if receipts]
    return _document(parts, verification.verifiable(content, parts.settings.public_url), owed, now)


def verify(parts: Parts, request: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether a document with this code was made here, and whether any of it can still be paid."""
    code = verification.typed_code(request["code"])
    with parts.database.reading() as session:
        document = repository.find_verified(session, code) if code else None
    if document is None:
        return {"genuine": False, "kind": None, "payable": None}
    # Not on anybody's behalf: nothing but this one answer leaves the service.
    asked = document.practice_ids[:_PRACTICES_PER_CALL]
    wanted = {"viewer": {"granted_practice_ids": asked}, "practice_ids": asked}
    found = parts.rpc.call(practices.GET_MANY, wanted)["practices"]
    is_payable = document.kind == "notice" and any(practice["payable"] for practice in found)
    return {"genuine": True, "kind": document.kind, "payable": is_payable}


def forget_old(database: Database, settings: Settings, now: datetime) -> None:
    """Drop the PDFs kept long enough; what is asked for again is drawn again, and codes go on being verified."""
    with database.transaction() as tx:
        before = now - timedelta(days=settings.keep_pdf_days)
        repository.forget_jobs(tx.session, before=before)
        mail_repository.purge(tx.session, now)
        count = repository.forget(tx.session, before=before)
    if count:
        log.info("documents_forgotten", count=count)


def _visible_practice(parts: Parts, request: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = {"viewer": request["viewer"], "practice_ids": [request["practice_id"]]}
    found = parts.rpc.call(practices.GET_MANY, wanted)["practices"]
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    practice: Mapping[str, Any] = found[0]
    return practice


def _entity(parts: Parts, practice: Mapping[str, Any]) -> Mapping[str, Any]:
    entity: Mapping[str, Any] = parts.rpc.call(practices.ENTITY, {"entity_code": practice["entity_code"]})
    return entity


def artworks_of(parts: Parts, entity: Mapping[str, Any]) -> Artworks:
    """Return pagoPA's logo and the body's."""
    return Artworks(
        pagopa=load_logo(parts.settings.pagopa_logo_file),
        entity=entity_logo(parts.settings.logos_dir, entity["logo"]),
    )


def _document(parts: Parts, content: Content, owed: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    pdf = kept_document(parts, content, owed, now)
    return {
        "file_name": document_key.file_name(content),
        "media_type": "application/pdf",
        "content_base64": base64.b64encode(pdf).decode(),
    }


def kept_document(parts: Parts, content: Content, owed: Sequence[Mapping[str, Any]], now: datetime) -> bytes:
    """Return the document kept for this content; else render it, keep it, and tell of a new notice."""
    content_sha256 = document_key.content_sha256(content)
    with parts.database.reading() as session:
        pdf = repository.find_pdf(session, content_sha256)
    if pdf is None:
        pdf = parts.renderers.render(document_key.to_json(content))
        _keep(parts, content, content_sha256, owed, pdf, now)
    return pdf


def _keep(
    parts: Parts, content: Content, content_sha256: str, owed: Sequence[Mapping[str, Any]], pdf: bytes, now: datetime
) -> None:
    is_notice, first = isinstance(content, NoticeContent), owed[0]
    with parts.database.transaction() as tx:
        document = Document(
            content_sha256=content_sha256,
            kind="notice" if is_notice else "receipt",
            practice_id=first["id"],
            practice_ids=[practice["id"] for practice in owed],
            code=content.verification.code if content.verification else None,
            language=content.language,
            pdf=pdf,
            created_at=now,
        )
        number = repository.keep(tx.session, document)
        if is_notice and number is not None:
            issued = {
                "practice_id": first["id"],
                "notice_number": first["notice_number"],
                "content_sha256": content_sha256,
                "language": content.language,
                "at": now,
            }
            tx.emit(NOTICE_ISSUED, issued, subject=str(first["id"]), sequence=number, now=now)
