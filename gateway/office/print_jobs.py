"""A thousand notices printed at once: chosen by a filter or one by one, as a job that goes on by itself."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid4

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import notices, office
from contracts.rpc.notices import NOTICE_LANGUAGES, Job, JobGetRequest
from gateway.edge.bodies import read_form
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.imports import ASK_AGAIN_S
from gateway.printed.job_files import JobFiles
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import PRINT_JOB_STARTED
from gateway.web.page import Form, form_key, see_other

_JOBS_PER_PAGE: Final = 20
_REMEMBERED: Final = "stampa"
"""By this name the browser remembers the filter."""
_FILTERS: Final = ("servizio", "scadenza_dal", "scadenza_al", "creata_dal", "creata_al", "file")
_CHOSEN: Final = "pratica-"
_FORM_FIELDS_MAX: Final = 150
_NOT_CHOSEN: Final = _("Scegli almeno una pratica, o un filtro.")
_NOTHING: Final = _("Non c'è nessun avviso da stampare: sono pagate, annullate, o inserite dai cittadini.")
_TOO_MANY: Final = _("Sono più di 10.000: restringi il filtro, e stampali in più volte.")
_SECOND_LANGUAGES: Final[Mapping[str, str]] = {
    "en": _("Italiano e inglese"),
    "de": _("Italiano e tedesco"),
    "fr": _("Italiano e francese"),
    "sl": _("Italiano e sloveno"),
}


class PrintPage(OfficeForm):
    """Stampa gli avvisi: the filter with how many it finds, and the jobs so far."""

    operation = Operation.PRINT_PRACTICES

    def read(self, req: falcon.Request) -> Form:
        """Read the form: a field for each practice that was chosen."""
        return read_form(req, max_fields=_FORM_FIELDS_MAX)

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the filter that the address says, else the one that was used last. Raises as `enter` does."""
        desk = self.enter(req, entity, self.operation)
        browser = visit_of(req).browser
        asked = addresses.filter_text(_filters(req.params))
        if asked:
            browser.remember_list_choice(_REMEMBERED, asked)
        elif browser.list_choice(_REMEMBERED) and "dopo" not in req.params and "vuoto" not in req.params:
            see_other(resp, f"{addresses.printing(desk.entity.code)}?{browser.list_choice(_REMEMBERED)}")
            return
        self._write(req, resp, desk, _filters(req.params))

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the filter as it was."""
        self._write(req, resp, desk, _filters(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Begin to print what was chosen, or what the filter finds, and show how far it is."""
        filters = _filters(form)
        named = [_id(name.removeprefix(_CHOSEN)) for name in form if name.startswith(_CHOSEN)]
        chosen = [one for one in named if one]
        if not chosen and not any(filters.values()):
            self._write(req, resp, desk, filters, _NOT_CHOSEN)
            return
        selection = visit_of(req).call(office.SELECTION, _request(desk, filters, chosen))
        if selection.has_more or not selection.external_ids:
            error = _TOO_MANY if selection.has_more else _NOTHING
            self._write(req, resp, desk, filters, error)
            return
        second = form.get("lingua", "")
        request = notices.JobRequest(
            idempotency_key=form_key(form),
            entity_code=desk.entity.code,
            external_ids=selection.external_ids,
            second_language=second if second in NOTICE_LANGUAGES else None,
            service_codes=desk.services(self.operation),
        )
        job = visit_of(req).call(notices.START_JOB, request).job
        if job is None:
            raise Refused(ErrorCode.INVALID_REQUEST)
        see_other(resp, announcing(addresses.print_job(desk.entity.code, job.id), PRINT_JOB_STARTED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        filters: Mapping[str, str],
        error: str | None = None,
    ) -> None:
        visit, services = visit_of(req), desk.services(self.operation)
        asked = any(filters.values())
        selection = visit.call(office.SELECTION, _request(desk, filters, [])) if asked and not error else None
        after = _id(req.get_param("dopo") or "")
        jobs = notices.JobListRequest(
            entity_code=desk.entity.code, service_codes=services, after=after, limit=_JOBS_PER_PAGE
        )
        page = visit.call(notices.LIST_JOBS, jobs)
        self.show(
            req,
            resp,
            "print.html",
            desk,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            filters=filters,
            count=len(selection.external_ids) if selection else None,
            has_more=selection.has_more if selection else False,
            languages=_SECOND_LANGUAGES,
            services=[one for one in desk.entity.services if services is None or one.code in services],
            key=str(uuid4()),
            errors={"": error} if error else {},
            jobs=page.jobs,
            next_after=page.next_after,
            is_first_page=after is None,
        )


class PrintJobPage(OfficePage):
    """One job: how far it is, and what it has printed."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, job_id: UUID) -> None:
        """Show it. Raises as `enter` does, and falcon.HTTPNotFound."""
        desk = self.enter(req, entity, Operation.PRINT_PRACTICES)
        job = _job(req, desk, job_id)
        self.show(req, resp, "print_job.html", desk, job=job, ask_again_s=None if job.finished_at else ASK_AGAIN_S)


class PrintJobFile(OfficePage):
    """What it has printed, as one file."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, job_id: UUID) -> None:
        """Send it as it is put together. Raises as the page does."""
        desk = self.enter(req, entity, Operation.PRINT_PRACTICES)
        _job(req, desk, job_id)
        self.send(req, resp, JobFiles(visit_of(req), _get_request(desk, job_id)))

    def send(self, req: falcon.Request, resp: falcon.Response, files: JobFiles) -> None:
        """Write the file."""
        raise NotImplementedError


class PrintJobZip(PrintJobFile):
    """A PDF for each notice, packed."""

    def send(self, req: falcon.Request, resp: falcon.Response, files: JobFiles) -> None:
        """Write the ZIP."""
        files.write_zip(resp)


class PrintJobPdf(PrintJobFile):
    """One PDF for the printer; by `fronte_retro` each notice begins on a front."""

    def send(self, req: falcon.Request, resp: falcon.Response, files: JobFiles) -> None:
        """Write the PDF. Raises falcon.HTTPNotFound while nothing is printed."""
        files.write_merged(resp, two_sided=req.get_param("fronte_retro") == "si")


class PrintJobRefusals(PrintJobFile):
    """The debts that have no notice, and why."""

    def send(self, req: falcon.Request, resp: falcon.Response, files: JobFiles) -> None:
        """Write the list."""
        files.write_refusals(resp)


def _job(req: falcon.Request, desk: Desk, job_id: UUID) -> Job:
    job = visit_of(req).call(notices.JOB, _get_request(desk, job_id)).job
    if job is None:
        raise falcon.HTTPNotFound
    return job


def _get_request(desk: Desk, job_id: UUID) -> JobGetRequest:
    return JobGetRequest(
        entity_code=desk.entity.code, job_id=job_id, service_codes=desk.services(Operation.PRINT_PRACTICES)
    )


def _filters(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the filter as it was asked for; what cannot be one is left out."""
    given = {name: str(params.get(name) or "") for name in _FILTERS}
    days = {name: _iso_day(text) for name, text in given.items() if name.endswith(("_dal", "_al"))}
    file = _id(given["file"])
    return {"servizio": given["servizio"][:35], **days, "file": str(file) if file else ""}


def _request(desk: Desk, filters: Mapping[str, str], chosen: list[UUID]) -> office.SelectionRequest:
    return office.SelectionRequest(
        entity_code=desk.entity.code,
        service_codes=desk.services(Operation.PRINT_PRACTICES),
        practice_ids=chosen or None,
        service_code=filters["servizio"] or None,
        due_since=_day(filters["scadenza_dal"]),
        due_until=_day(filters["scadenza_al"]),
        created_since=_day(filters["creata_dal"]),
        created_until=_day(filters["creata_al"]),
        import_id=_id(filters["file"]),
    )


def _iso_day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return day.isoformat() if 2000 <= day.year <= 2099 else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
