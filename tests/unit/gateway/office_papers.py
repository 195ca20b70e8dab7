"""Printing jobs behind the office's pages, as the pages meet them: one job of two debts, of which one has a notice."""

from base64 import b64encode
from io import BytesIO
from typing import Any
from uuid import UUID

import pikepdf
from pikepdf import Array, Dictionary, Name

from contracts.errors import RpcError
from contracts.rpc import notices, office
from contracts.shapes import Empty
from tests.unit.gateway.gateway_services import NOW

JOB = UUID(int=0xD)
REFERENCES = ["TARI-2026-00001", "TARI-2026-00002"]


def tagged_pdf() -> bytes:
    """The least that a notice has: a page, its structure, a language and a title."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.pages[0].obj.StructParents = 0
    part = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, K=Array([])))
    marks = pdf.make_indirect(Dictionary(Nums=Array([0, Array([part])])))
    tree = Dictionary(Type=Name.StructTreeRoot, K=Array([part]), ParentTree=marks, ParentTreeNextKey=1)
    pdf.Root.StructTreeRoot = part.P = pdf.make_indirect(tree)
    pdf.Root.Lang = "it"
    pdf.docinfo["/Title"] = "Avviso"
    written = BytesIO()
    pdf.save(written)
    return written.getvalue()


class Papers:
    """What a test arranges: what the filter finds, and the job."""

    def __init__(self) -> None:
        self.selection = office.Selection(external_ids=REFERENCES)
        self.job = notices.Job(
            id=JOB, entity_code="PM108", total=2, printed=1, refused=1, created_at=NOW, finished_at=NOW
        )
        self.mail_failure: RpcError | None = None
        content = b64encode(tagged_pdf()).decode()
        self.documents = [
            notices.JobDocument(place=1, external_id=REFERENCES[0], file_name="a.pdf", content_base64=content),
            notices.JobDocument(place=2, external_id=REFERENCES[1], code="practice_paid"),
        ]

    def answers(self) -> dict[Any, Any]:
        return {
            office.SELECTION: lambda _: self.selection,
            notices.START_JOB: lambda _: notices.JobReply(job=self.job),
            notices.JOB: self._job,
            notices.LIST_JOBS: lambda _: notices.JobList(jobs=[self.job]),
            notices.MAIL_PRACTICE: self._mail,
            notices.JOB_DOCUMENTS: lambda _: notices.JobDocuments(items=self.documents),
        }

    def _mail(self, _asked: notices.PracticeMailRequest) -> Empty:
        if self.mail_failure is not None:
            raise self.mail_failure
        return Empty()

    def _job(self, asked: notices.JobGetRequest) -> notices.JobReply:
        is_seen = asked.job_id == JOB and (asked.service_codes is None or "TARI" in asked.service_codes)
        return notices.JobReply(job=self.job if is_seen else None)
