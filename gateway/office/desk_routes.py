"""Where the pages of the desk's larger jobs stand."""

import falcon

from gateway.office import addresses
from gateway.office.help_desk import HelpDesk
from gateway.office.import_corrections import CorrectRows
from gateway.office.import_upload import ImportsPage
from gateway.office.imports import (
    ApplyImport,
    CancelImport,
    ImportMissing,
    ImportPage,
    ImportRefusedFile,
    PauseImport,
    ResumeImport,
)
from gateway.office.payment_story import PaymentStory, WholeMessage
from gateway.office.plan_insertion import InsertPlan
from gateway.office.practice_mail import MailPractice
from gateway.office.print_jobs import PrintJobPage, PrintJobPdf, PrintJobRefusals, PrintJobZip, PrintPage
from gateway.office.receipts import ReceiptsPage, RecoverReceipt, TakeReceiptFile, TakeRefusedReceipt
from gateway.web.routes import add
from gateway.web.site import Site

_OFFICE = f"{addresses.OFFICES}/{{entity}}"
_PRACTICE = f"{_OFFICE}/pratiche/{{practice_id:uuid}}"
_JOB = f"{_OFFICE}/stampa/{{job_id:uuid}}"
_IMPORT = f"{_OFFICE}/importa/{{import_id:uuid}}"


def add_routes(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    """Register every page."""
    add(app, f"{_OFFICE}/inserisci/piano", InsertPlan(site))
    add(app, f"{_OFFICE}/importa", ImportsPage(site))
    add(app, _IMPORT, ImportPage(site))
    add(app, f"{_IMPORT}/carica", ApplyImport(site))
    add(app, f"{_IMPORT}/annulla", CancelImport(site))
    add(app, f"{_IMPORT}/sospendi", PauseImport(site))
    add(app, f"{_IMPORT}/riprendi", ResumeImport(site))
    add(app, f"{_IMPORT}/correggi", CorrectRows(site))
    add(app, f"{_IMPORT}/mancanti", ImportMissing(site))
    add(app, f"{_IMPORT}/da-correggere.csv", ImportRefusedFile(site))
    add(app, f"{_PRACTICE}/email", MailPractice(site))
    add(app, f"{_PRACTICE}/storia", PaymentStory(site))
    add(app, f"{_PRACTICE}/storia/messaggio", WholeMessage(site))
    add(app, f"{_OFFICE}/stampa", PrintPage(site))
    add(app, _JOB, PrintJobPage(site))
    add(app, f"{_JOB}/avvisi.zip", PrintJobZip(site))
    add(app, f"{_JOB}/avvisi.pdf", PrintJobPdf(site))
    add(app, f"{_JOB}/senza-avviso.csv", PrintJobRefusals(site))
    add(app, f"{_OFFICE}/ricevute", ReceiptsPage(site))
    add(app, f"{_OFFICE}/ricevute/file", TakeReceiptFile(site))
    add(app, f"{_OFFICE}/ricevute/recupera", RecoverReceipt(site))
    add(app, f"{_OFFICE}/ricevute/{{call_id:int(min=1)}}/prendi", TakeRefusedReceipt(site))
    add(app, f"{_OFFICE}/assistenza", HelpDesk(site))
