"""Stampa bollettino and quietanza: PDF documents of a practice."""

import base64
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.call import Call
from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, payments
from gateway.visit import visit_of
from gateway.web.outcome import ask_checkout
from gateway.web.page import Page
from gateway.web.practice_lookup import one_practice
from gateway.web.site import Site

_RECEIPT_ID_CHARS: Final = 35


class DocumentPage(Page):
    """A PDF made by notices, in the language of the interface."""

    def __init__(self, site: Site, call: Call) -> None:
        super().__init__(site)
        self._call = call

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the document, to be shown in the browser or saved."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        asked = {"language": visit.language, **self.wishes(req)}
        document = visit.call(self._call, practice_id=practice["id"], viewer=visit.viewer, **asked)
        answer_document(resp, document)

    def wishes(self, _req: falcon.Request) -> dict[str, Any]:
        """Return what else the address asks of the document; nothing, unless a kind of document knows more."""
        return {}


class NoticePdf(DocumentPage):
    """bollettino.pdf, by its address also in another language, in two, or with all instalments of the plan."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, notices.NOTICE)

    def wishes(self, req: falcon.Request) -> dict[str, Any]:
        """Read `lingua`, `seconda` and `rate=tutte`; what is not known is left out."""
        wishes: dict[str, Any] = {"whole_plan": req.get_param("rate") == "tutte"}
        for param, name in (("lingua", "language"), ("seconda", "second_language")):
            language = req.get_param(param)
            if language in notices.NOTICE_LANGUAGES:
                wishes[name] = language
        return wishes


class ReceiptPdf(DocumentPage):
    """quietanza.pdf: of every payment of the practice, or of the one named by `ricevuta`."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, notices.RECEIPT)

    def wishes(self, req: falcon.Request) -> dict[str, Any]:
        """Read `ricevuta`; what can be no receipt's identifier names none."""
        receipt_id = req.get_param("ricevuta")
        if receipt_id and len(receipt_id) > _RECEIPT_ID_CHARS:
            raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
        return {"receipt_id": receipt_id or None}


class StampXml(Page):
    """marca-da-bollo.xml: the digital stamp that came with the payment, exactly as the seller signed it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the file to whoever sees the whole practice. Raises Refused(STAMP_NOT_FOUND)."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        if practice["masked"]:
            raise Refused(ErrorCode.STAMP_NOT_FOUND)
        document = visit.call(payments.STAMP, practice_id=practice["id"])
        answer_document(resp, document)
        resp.downloadable_as = document["file_name"]


class CartReceiptPdf(Page):
    """One quietanza for everything that a checkout paid."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, checkout_id: UUID) -> None:
        """Answer the document to the payer of the checkout. Raises Refused(RECEIPT_NOT_FOUND) before any payment."""
        visit = visit_of(req)
        self.site.entity(visit, entity)
        paid = [item["practice_id"] for item in ask_checkout(visit, checkout_id, None)["items"] if item["paid"]]
        if not paid:
            raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
        document = visit.call(notices.CART_RECEIPT, practice_ids=paid, viewer=visit.viewer, language=visit.language)
        answer_document(resp, document)


def answer_document(resp: falcon.Response, document: dict[str, Any]) -> None:
    """Answer a file made by notices, to be shown in the browser or saved."""
    resp.content_type = document["media_type"]
    resp.set_header("Content-Disposition", f'inline; filename="{_plain(document["file_name"])}"')
    resp.data = base64.b64decode(document["content_base64"])


def _plain(file_name: str) -> str:
    return "".join(char for char in file_name if char.isascii() and (char.isalnum() or char in "._-"))
