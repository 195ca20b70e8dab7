"""Stampa bollettino and quietanza: PDF documents of a practice."""

import base64
from uuid import UUID

import falcon

from contracts.call import Call
from contracts.rpc import notices
from gateway.visit import visit_of
from gateway.web.page import Page
from gateway.web.practice_lookup import one_practice
from gateway.web.site import Site


class DocumentPage(Page):
    """A PDF made by notices, in the language of the interface."""

    def __init__(self, site: Site, call: Call) -> None:
        super().__init__(site)
        self._call = call

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Answer the document, to be shown in the browser or saved."""
        visit = visit_of(req)
        practice = one_practice(visit, entity, practice_id)
        document = visit.call(self._call, practice_id=practice["id"], viewer=visit.viewer, language=visit.language)
        resp.content_type = document["media_type"]
        resp.set_header("Content-Disposition", f'inline; filename="{_plain(document["file_name"])}"')
        resp.data = base64.b64decode(document["content_base64"])


class NoticePdf(DocumentPage):
    """bollettino.pdf."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, notices.NOTICE)


class ReceiptPdf(DocumentPage):
    """quietanza.pdf."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, notices.RECEIPT)


def _plain(file_name: str) -> str:
    return "".join(char for char in file_name if char.isascii() and (char.isalnum() or char in "._-"))
