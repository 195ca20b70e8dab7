"""Stampa bollettino and quietanza: PDF documents of a practice, in the language of the interface."""

import base64
from typing import Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, payments
from gateway.visit import visit_of
from gateway.web.outcome import ask_checkout
from gateway.web.page import Page
from gateway.web.practice_lookup import one_practice

_RECEIPT_ID_CHARS: Final = 35


class NoticePdf(Page):
    """bollettino.pdf, by its address also in another language, in two, or with all instalments of the plan."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the notice as `lingua`, `seconda` and `rate=tutte` ask for it; what is not known is left out."""
        visit = visit_of(req)
        request = notices.NoticeRequest(
            practice_id=one_practice(visit, entity, practice_id).id,
            viewer=visit.viewer,
            language=_notice_language(req, "lingua") or visit.language,
            second_language=_notice_language(req, "seconda"),
            whole_plan=req.get_param("rate") == "tutte",
        )
        answer_document(resp, visit.call(notices.NOTICE, request))


class ReceiptPdf(Page):
    """quietanza.pdf: of every payment of the practice, or of the one named by `ricevuta`."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the document; what can be no receipt's identifier names none. Raises Refused(RECEIPT_NOT_FOUND)."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        receipt_id = req.get_param("ricevuta") or None
        if receipt_id and len(receipt_id) > _RECEIPT_ID_CHARS:
            raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
        request = notices.ReceiptRequest(
            practice_id=practice.id, viewer=visit.viewer, language=visit.language, receipt_id=receipt_id
        )
        answer_document(resp, visit.call(notices.RECEIPT, request))


class StampXml(Page):
    """marca-da-bollo.xml: the digital stamp that came with the payment, exactly as the seller signed it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the file to whoever sees the whole practice. Raises Refused(STAMP_NOT_FOUND)."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        if practice.masked:
            raise Refused(ErrorCode.STAMP_NOT_FOUND)
        file = visit.call(payments.STAMP, payments.ReceiptsRequest(practice_id=practice.id))
        answer_document(resp, file)
        resp.downloadable_as = file.file_name


class CartReceiptPdf(Page):
    """One quietanza for everything that a checkout paid."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, checkout_id: UUID) -> None:
        """Answer the document to the payer of the checkout. Raises Refused(RECEIPT_NOT_FOUND) before any payment."""
        visit = visit_of(req)
        self.site.entity(visit, entity)
        paid = [item.practice_id for item in ask_checkout(visit, checkout_id, None).items if item.paid]
        if not paid:
            raise Refused(ErrorCode.RECEIPT_NOT_FOUND)
        request = notices.CartReceiptRequest(practice_ids=paid, viewer=visit.viewer, language=visit.language)
        answer_document(resp, visit.call(notices.CART_RECEIPT, request))


def answer_document(resp: falcon.Response, document: notices.Document | payments.StampFile) -> None:
    """Answer a file made by a service, to be shown in the browser or saved."""
    resp.content_type = document.media_type
    resp.set_header("Content-Disposition", f'inline; filename="{_plain(document.file_name)}"')
    resp.data = base64.b64decode(document.content_base64)


def _notice_language(req: falcon.Request, param: str) -> str | None:
    language = req.get_param(param)
    return language if language in notices.NOTICE_LANGUAGES else None


def _plain(file_name: str) -> str:
    return "".join(char for char in file_name if char.isascii() and (char.isalnum() or char in "._-"))
