"""Ricerca pratica: the public front page of an entity, and the ways into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

import falcon

from contracts.error_details import NotANoticeNumber, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import Entity, Practice
from gateway.edge.rates import SEARCH
from gateway.messages import MESSAGES
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.page import Form, Page, checked_form, cleaned, see_other
from gateway.web.practice_lookup import many_practices

_FIELD_OF_CODE: Final = {
    ErrorCode.INVALID_FISCAL_CODE: "fiscal_code",
    ErrorCode.INVALID_NOTICE_NUMBER: "notice_number",
    ErrorCode.PRACTICE_NOT_FOUND: "",
}
_MAX_TYPED_CHARS: Final = 80
_MAX_SCANNED_CHARS: Final = 300
"""Of the notice number: the text of a slip's Data Matrix has 256."""
_DIGITS: Final = 18
_LOOKS_LIKE: Final = {
    "mistyped": _("Una delle 18 cifre è sbagliata, o due sono scambiate: confrontale con l'avviso."),
    "fiscal_code": _("Questo sembra un codice fiscale: scrivilo più su, con il riferimento della pratica."),
    "iban": _("Questo sembra il numero di un conto. Il codice avviso ha 18 cifre: lo trovi in alto sull'avviso."),
    "amount": _("Questo sembra un importo. Il codice avviso ha 18 cifre e lo trovi in alto sull'avviso di pagamento."),
    "email": _("Questo sembra un indirizzo e-mail. Il codice avviso ha 18 cifre: lo trovi in alto sull'avviso."),
    "other_iuv": _("Questo riferimento (RF) non è di un avviso: il codice avviso ha 18 cifre, in alto sull'avviso."),
    "other": _("Il codice avviso ha solo cifre, 18. Un riferimento dell'ente va più su, con il codice fiscale."),
}
_TOO_FEW: Final = _("Mancano delle cifre: il codice avviso ne ha 18, lo IUV 17.")
_TOO_MANY: Final = _("Ci sono troppe cifre: il codice avviso ne ha 18, lo IUV 17.")


@dataclass(frozen=True)
class SearchForm:
    """The form as typed, and what is wrong with it by field; `""` stands for the whole form."""

    fiscal_code: str = ""
    reference: str = ""
    notice_number: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    def request(self, entity_code: str) -> practices.SearchRequest:
        """Return what practices is asked for."""
        return practices.SearchRequest(
            entity_code=entity_code,
            notice_number=self.notice_number or None,
            fiscal_code=self.fiscal_code or None,
            reference=self.reference or None,
        )


class HomePage(Page):
    """The portal without an entity: leads to each."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the entities, and the way in by a code."""
        self.site.render(req, resp, "home.html", entities=self.site.catalogue.all(visit_of(req)))


class DirectSearch(Page):
    """The link that entities have published and printed."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Redirect to the entity's front page. Raises Refused(UNKNOWN_ENTITY)."""
        code = (req.get_param("codCompany") or "").strip()[:_MAX_TYPED_CHARS]
        if not code:
            raise Refused(ErrorCode.UNKNOWN_ENTITY)
        entity = self.site.entity(visit_of(req), code)
        raise falcon.HTTPFound(addresses.search(entity.code))


class SearchPage(Page):
    """Ricerca pratica."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the two ways to search."""
        found = self.site.entity(visit_of(req), entity)
        self.site.render(req, resp, "search.html", entity=found, form=SearchForm())


class SearchAction(Page):
    """Where the search form goes: data that says who somebody is never stands in an address."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Lead who reloads or types this address back to the form."""
        see_other(resp, addresses.search(entity))

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Search, let this browser see what was found, and show it; else the form with what is wrong."""
        visit = visit_of(req)
        form = _read(checked_form(req))
        self.site.rates.check(req, SEARCH)
        found_entity = self.site.entity(visit, entity)
        found = form if form.errors else _search(visit, entity, form)
        if isinstance(found, SearchForm):
            self._write_form(req, resp, found_entity, found)
            return
        is_identified = not any(practice.masked for practice in found)
        visit.grant((practice.id for practice in found), identified=is_identified)
        see_other(resp, addresses.results(entity))

    def _write_form(self, req: falcon.Request, resp: falcon.Response, entity: Entity, form: SearchForm) -> None:
        status = HTTPStatus.NOT_FOUND if "" in form.errors else HTTPStatus.UNPROCESSABLE_ENTITY
        self.site.render(req, resp, "search.html", status=status, entity=entity, form=form)


class ResultsPage(Page):
    """What this browser's last search found."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the rows; without any, back to the search."""
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        rows = many_practices(visit, list(visit.browser.visitor.granted[: visit.browser.visitor.found]))
        rows = [row for row in rows if row.entity_code == entity]
        if not rows:
            see_other(resp, addresses.search(entity))
            return
        self.site.render(req, resp, "results.html", entity=found_entity, rows=rows)


def _search(visit: Visit, entity_code: str, form: SearchForm) -> Sequence[Practice] | SearchForm:
    """Return what was found, at least one; else the form with what is wrong."""
    try:
        found = visit.call(practices.SEARCH, form.request(entity_code)).practices
        if not found:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    except Refused as refusal:
        if refusal.code not in _FIELD_OF_CODE:
            raise
        name = _FIELD_OF_CODE[refusal.code]
        if name == "notice_number" and not form.notice_number:
            name = "reference"
        return replace(form, errors={name: _sentence(refusal)})
    return found


def _sentence(refusal: Refused) -> str:
    """Return what is wrong: of a notice number what was typed instead, where it looks like something."""
    detail = detail_of(refusal, NotANoticeNumber)
    if detail is not None and detail.looks_like == "digits":
        return _TOO_FEW if (detail.digits or 0) < _DIGITS else _TOO_MANY
    looks_like = (detail.looks_like if detail is not None else None) or ""
    return _LOOKS_LIKE.get(looks_like, MESSAGES[refusal.code].sentence)


def _read(form: Form) -> SearchForm:
    """Take the second way when a notice number was typed, else the first, which needs both its fields."""
    fiscal_code = cleaned(form, "fiscal_code")[:_MAX_TYPED_CHARS]
    reference, notice_number = (cleaned(form, name)[:_MAX_SCANNED_CHARS] for name in ("reference", "notice_number"))
    errors: dict[str, str] = {}
    if not notice_number:
        if not fiscal_code:
            errors["fiscal_code"] = _("Scrivi il codice fiscale, oppure usa il codice avviso.")
        if not reference:
            errors["reference"] = _("Scrivi il riferimento della pratica o il codice IUV.")
    elif fiscal_code or reference:
        errors["notice_number"] = _("Scrivi il codice avviso oppure codice fiscale e riferimento, non entrambi.")
    return SearchForm(fiscal_code, reference, notice_number, errors)
