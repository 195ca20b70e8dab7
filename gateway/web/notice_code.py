"""Codice avviso: the page after an entry without login, with what whoever made it is told to keep."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote
from uuid import UUID

import falcon

from contracts.codes import is_checkout_email
from contracts.rpc.practices import Entity, Practice
from gateway.translations import marked as _
from gateway.translations import translate
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.formats import filters_of
from gateway.web.page import Form, Page, cleaned
from gateway.web.practice_lookup import one_practice
from gateway.web.site import Site

EMAIL_FIELD: Final = "email"
_SUBJECT: Final = _("Codice avviso da conservare")
_LETTER: Final = _(
    "Codice avviso: %(number)s\nCodice fiscale dell'ente: %(fiscal_code)s\nImporto: %(amount)s\n"
    "Per pagare o stampare il bollettino: %(address)s"
)
_WRONG_EMAIL: Final = _("L'indirizzo e-mail non è corretto, oppure pagoPA non lo accetta: correggilo o lascialo vuoto.")


class NoticeCodePage(Page):
    """The notice number in large type: to print, copy, send to oneself, or pay."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it to whoever may see the practice."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        write_notice_code(self.site, req, resp, found_entity, one_practice(visit, entity, practice_id))


def write_notice_code(
    site: Site, req: falcon.Request, resp: falcon.Response, entity: Entity, practice: Practice, email: str = ""
) -> None:
    """Write the page; an `email` that pagoPA would not take is shown again, with what is wrong."""
    error = email_error(email)
    site.render(
        req,
        resp,
        "notice_code.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        entity=entity,
        practice=practice,
        letter=_letter(site, visit_of(req).language, entity, practice),
        email=email,
        errors={EMAIL_FIELD: error} if error else {},
    )


def typed_email(form: Form) -> str:
    """Return where the payer wants word of the payment; empty where they do not say."""
    return cleaned(form, EMAIL_FIELD)


def email_error(email: str) -> str | None:
    """Say what is wrong with a typed address; none is no mistake."""
    return _WRONG_EMAIL if email and not is_checkout_email(email) else None


def _letter(site: Site, language: str, entity: Entity, practice: Practice) -> str:
    """Return the address that opens the payer's own mail program with what is to be kept: we send and store nothing."""
    body = translate(language, _LETTER) % {
        "number": practice.notice_number.grouped,
        "fiscal_code": entity.creditor.fiscal_code,
        "amount": filters_of(language)["euro"](practice.amount_cents),
        "address": site.settings.public_url + addresses.search(entity.code),
    }
    return f"mailto:?subject={quote(translate(language, _SUBJECT))}&body={quote(body)}"
