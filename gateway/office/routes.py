"""Where each page of the offices stands."""

import falcon

from gateway.office import addresses
from gateway.office.audit import AuditFile, AuditPageOfOffice
from gateway.office.colleagues import ColleaguePage, ColleaguesPage, InvitePage, RemoveColleague, WithdrawInvitation
from gateway.office.documents import OfficeNoticePdf, OfficeReceiptPdf
from gateway.office.home import OfficeHome
from gateway.office.insertion import InsertPractice
from gateway.office.invitation import AcceptInvitation, InvitationLink, InvitationPage
from gateway.office.login import OfficeLogin, OfficeLogout, OfficesPage
from gateway.office.money_cases import MoneyCasePage, MoneyCasesPage, MoneyCaseStep
from gateway.office.practice_changes import AmendPractice, AnnulPractice, RestorePractice
from gateway.office.practices import OfficePracticePage, OfficePracticesPage
from gateway.office.refunds import RefundFilePage, RefundsPage, RefundsPaid
from gateway.web.routes import add
from gateway.web.site import Site

_OFFICE = f"{addresses.OFFICES}/{{entity}}"
_PRACTICE = f"{_OFFICE}/pratiche/{{practice_id:uuid}}"
_CASE = f"{_OFFICE}/pagamenti-non-attesi/{{case_id:uuid}}"
_COLLEAGUES = f"{_OFFICE}/colleghi"


def add_routes(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    """Register every page."""
    add(app, addresses.OFFICES, OfficesPage(site))
    add(app, addresses.LOGOUT, OfficeLogout(site))
    add(app, addresses.INVITATION, InvitationPage(site))
    add(app, addresses.INVITATION_ACCEPT, AcceptInvitation(site))
    add(app, f"{addresses.INVITATION}/{{token}}", InvitationLink(site))
    add(app, _OFFICE, OfficeHome(site))
    add(app, f"{_OFFICE}/accesso", OfficeLogin(site))
    add(app, f"{_OFFICE}/pratiche", OfficePracticesPage(site))
    add(app, f"{_OFFICE}/inserisci", InsertPractice(site))
    add(app, _PRACTICE, OfficePracticePage(site))
    add(app, f"{_PRACTICE}/avviso.pdf", OfficeNoticePdf(site))
    add(app, f"{_PRACTICE}/quietanza.pdf", OfficeReceiptPdf(site))
    add(app, f"{_PRACTICE}/modifica", AmendPractice(site))
    add(app, f"{_PRACTICE}/annulla", AnnulPractice(site))
    add(app, f"{_PRACTICE}/ripristina", RestorePractice(site))
    add(app, f"{_OFFICE}/pagamenti-non-attesi", MoneyCasesPage(site))
    add(app, _CASE, MoneyCasePage(site))
    add(app, f"{_CASE}/{{step}}", MoneyCaseStep(site))
    add(app, f"{_OFFICE}/rimborsi", RefundsPage(site))
    add(app, f"{_OFFICE}/rimborsi/{{export_id:uuid}}/rimborsi.{{ending}}", RefundFilePage(site))
    add(app, f"{_OFFICE}/rimborsi/{{export_id:uuid}}/pagato", RefundsPaid(site))
    add(app, _COLLEAGUES, ColleaguesPage(site))
    add(app, f"{_COLLEAGUES}/invita", InvitePage(site))
    add(app, f"{_COLLEAGUES}/inviti/{{invitation_id:uuid}}/ritira", WithdrawInvitation(site))
    add(app, f"{_COLLEAGUES}/{{operator_id:uuid}}", ColleaguePage(site))
    add(app, f"{_COLLEAGUES}/{{operator_id:uuid}}/rimuovi", RemoveColleague(site))
    add(app, f"{_OFFICE}/registro", AuditPageOfOffice(site))
    add(app, f"{_OFFICE}/registro.csv", AuditFile(site))
