"""What a printing job has printed so far, sent as it is read: one ZIP, one PDF, or the list of what has no notice."""

import base64
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from typing import Final

import falcon

from contracts.rpc import notices
from contracts.rpc.notices import JobDocument, JobGetRequest
from gateway.printed.merged_pdf import merged
from gateway.printed.zip_archive import zipped
from gateway.visit import Visit

_DOCUMENTS_A_PAGE: Final = 20
_NAMES_A_PAGE: Final = 50
_TITLE: Final = "Avvisi di pagamento"


@dataclass(frozen=True)
class JobFiles:
    """The documents of a job, in its order, a page of them in memory at a time."""

    visit: Visit
    asked: JobGetRequest

    def write_zip(self, resp: falcon.Response) -> None:
        """Answer with a ZIP; `refused.csv` in it lists the debts without a notice."""
        resp.content_type = "application/zip"
        resp.downloadable_as = f"avvisi-{self.asked.job_id}.zip"
        resp.stream = zipped(_files(self._items()))

    def write_merged(self, resp: falcon.Response, *, two_sided: bool) -> None:
        """Answer with one PDF. Raises falcon.HTTPNotFound while nothing is printed."""
        printed = _printed(self._items())
        first = next(printed, None)
        if first is None:
            raise falcon.HTTPNotFound
        resp.content_type = "application/pdf"
        resp.downloadable_as = f"avvisi-{self.asked.job_id}.pdf"
        resp.stream = merged(chain([first], printed), _TITLE, two_sided=two_sided)

    def write_refusals(self, resp: falcon.Response) -> None:
        """Answer with the list of the debts without a notice; `waiting` is not printed yet."""
        resp.content_type = "text/csv; charset=utf-8"
        resp.downloadable_as = f"avvisi-{self.asked.job_id}-rifiutati.csv"
        resp.data = _refusals(item for item in self._items(with_content=False) if item.file_name is None)

    def _items(self, *, with_content: bool = True) -> Iterator[JobDocument]:
        after: int | None = 0
        while after is not None:
            request = notices.JobDocumentsRequest(
                entity_code=self.asked.entity_code,
                job_id=self.asked.job_id,
                service_codes=self.asked.service_codes,
                after=after,
                limit=_DOCUMENTS_A_PAGE if with_content else _NAMES_A_PAGE,
                with_content=with_content,
            )
            page = self.visit.call(notices.JOB_DOCUMENTS, request)
            yield from page.items
            after = page.next_after


def _printed(items: Iterable[JobDocument]) -> Iterator[bytes]:
    return (base64.b64decode(item.content_base64) for item in items if item.content_base64)


def _files(items: Iterable[JobDocument]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the ZIP: the notices, then the list of what has none."""
    left_out = []
    for item in items:
        if item.content_base64:
            yield f"{item.place:05d}-{item.file_name}", base64.b64decode(item.content_base64)
        else:
            left_out.append(item)
    yield "refused.csv", _refusals(left_out)


def _refusals(items: Iterable[JobDocument]) -> bytes:
    written = StringIO(newline="")
    rows = csv.writer(written, delimiter=";")
    rows.writerow(("codice_debito", "motivo"))
    rows.writerows((item.external_id, item.code or "waiting") for item in items)
    return written.getvalue().encode()
