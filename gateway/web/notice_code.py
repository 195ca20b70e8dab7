"""Codice avviso: the page after an entry without login, with what whoever made it is told to keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class NoticeCode:
    """What the page is about, what was typed into its forms, and what is wrong with that, by field."""

    practice: Practice
    email: str = ""
    link_email: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


class NoticeCodePage(Page):
    """The notice number in large type: to print, copy, send to oneself, or pay."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it to whoever may see the practice."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        write_notice_code(self.site, req, resp, found_entity, NoticeCode(one_practice(visit, entity, practice_id)))


def write_wrong_email(
    site: Site, req: falcon.Request, resp: falcon.Response, entity: Entity, practice: Practice, email: str
) -> None:
    """Write the page with an address that pagoPA would not take, and what is wrong with it."""
    page = NoticeCode(practice, email=email, errors={EMAIL_FIELD: email_error(email) or ""})
    write_notice_code(site, req, resp, entity, page, HTTPStatus.UNPROCESSABLE_ENTITY)


def write_notice_code(
    site: Site,
    req: falcon.Request,
    resp: falcon.Response,
    entity: Entity,
    page: NoticeCode,
    status: HTTPStatus = HTTPStatus.OK,
) -> None:
    """Write the page."""
    visit = visit_of(req)
    token = visit.browser.visitor.private_token
    site.render(
        req,
        resp,
        "notice_code.html",
        status=status,
        entity=entity,
        practice=page.practice,
        letter=_letter(site, visit.language, entity, page.practice),
        email=page.email,
        link_email=page.link_email,
        errors=page.errors,
        private_url=site.settings.public_url + addresses.private_link(token) if token else None,
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
