"""What notices does for a caller: a practice's notice, a practice's receipt."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Database
from chassis.rpc_client import RpcClient
from contracts.errors import ErrorCode, Refused
from contracts.events.notices import NOTICE_ISSUED
from contracts.rpc import payments, practices
from services.notices import domain, repository
from services.notices.domain import Artworks, Content, NoticeContent
from services.notices.logos import entity_logo, load_logo
from services.notices.renderers import Renderers
from services.notices.settings import Settings


@dataclass(frozen=True)
class Parts:
    """What both use cases work with."""

    database: Database
    rpc: RpcClient
    renderers: Renderers
    settings: Settings


def notice(parts: Parts, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the notice of a practice the viewer may see, masked where the practice is.

    Raises Refused: PRACTICE_NOT_FOUND, or the code of the reason why there is nothing left to pay.
    """
    practice = _visible_practice(parts, request)
    domain.refuse_unprintable(practice)
    entity = _entity(parts, practice)
    content = domain.notice_content(practice, entity, _artworks(parts, entity), request["language"])
    return _document(parts, content, practice, now)


def receipt(parts: Parts, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the quietanza of a practice the viewer may see, every receipt in it.

    Raises Refused: PRACTICE_NOT_FOUND, RECEIPT_NOT_FOUND.
    """
    practice = _visible_practice(parts, request)
    receipts = parts.rpc.call(payments.RECEIPTS, {"practice_id": practice["id"]})["receipts"]
    entity = _entity(parts, practice)
    content = domain.receipt_content(practice, entity, receipts, _artworks(parts, entity), request["language"])
    return _document(parts, content, practice, now)


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


def _artworks(parts: Parts, entity: Mapping[str, Any]) -> Artworks:
    return Artworks(
        pagopa=load_logo(parts.settings.pagopa_logo_file),
        entity=entity_logo(parts.settings.logos_dir, entity["logo"]),
    )


def _document(parts: Parts, content: Content, practice: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the document kept for this content; else render it, keep it, and tell of a new notice."""
    content_sha256 = domain.content_sha256(content)
    with parts.database.reading() as session:
        pdf = repository.find_pdf(session, content_sha256)
    if pdf is None:
        pdf = parts.renderers.render(domain.to_json(content))
        _keep(parts, content, content_sha256, practice, pdf, now)
    return {
        "file_name": domain.file_name(content),
        "media_type": "application/pdf",
        "content_base64": base64.b64encode(pdf).decode(),
    }


def _keep(
    parts: Parts, content: Content, content_sha256: str, practice: Mapping[str, Any], pdf: bytes, now: datetime
) -> None:
    is_notice = isinstance(content, NoticeContent)
    with parts.database.transaction() as tx:
        number = repository.keep(
            tx.session,
            content_sha256=content_sha256,
            kind="notice" if is_notice else "receipt",
            practice_id=practice["id"],
            language=content.language,
            pdf=pdf,
            now=now,
        )
        if is_notice and number is not None:
            issued = {
                "practice_id": practice["id"],
                "notice_number": practice["notice_number"],
                "content_sha256": content_sha256,
                "language": content.language,
                "at": now,
            }
            tx.emit(NOTICE_ISSUED, issued, subject=str(practice["id"]), sequence=number, now=now)
