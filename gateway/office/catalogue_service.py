"""A service of the catalogue: typed, looked at as a citizen will see its form, published."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office_catalogue
from contracts.rpc.office_catalogue import Published, ServiceContent
from contracts.rpc.operators import actor_of
from contracts.rpc.practices import CatalogueService
from contracts.shapes import LocalisedText
from gateway.office import addresses
from gateway.office.catalogue import catalogue_of, changed_by, service_of
from gateway.office.changes import ChangeTold
from gateway.office.colleagues import version_of
from gateway.office.desk import Desk, OfficeForm
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import CATALOGUE_PUBLISHED
from gateway.web.insertion_fields import shown_fields
from gateway.web.insertion_form import FormKind, InsertionForm
from gateway.web.page import Form, cleaned, see_other

_TEXTS: Final[Mapping[str, int]] = {
    "codice": 35,
    "titolo_it": 140,
    "titolo_en": 140,
    "nota_it": 1_000,
    "nota_en": 1_000,
    "categoria": 140,
    "conto": 35,
}
"""The texts of the form, and how many characters of each."""
_AMOUNTS: Final[Mapping[str, str]] = {
    "fisso": "fixed_cents",
    "minimo": "min_cents",
    "massimo": "max_cents",
    "multiplo": "unit_cents",
}
_BOXES: Final[Mapping[str, str]] = {
    "spontaneo": "spontaneous",
    "anonimo": "allows_anonymous",
    "studente": "requires_beneficiary",
    "in_ritardo": "accepts_late",
}
_FIELD_OF: Final[Mapping[str, str]] = {
    "code": "codice",
    "category": "categoria",
    "accounting_code": "conto",
    "title": "titolo_it",
    "note": "nota_it",
    **{name: field for field, name in _AMOUNTS.items()},
}
_AMOUNT_RULES: Final = _(
    "Gli importi non vanno insieme: fisso da solo; oppure minimo, massimo e multiplo, anche alcuni."
)
_SENTENCES: Final[Mapping[str, str]] = {
    "codice": _("Scrivi da 1 a 35 lettere, cifre, - o _, senza spazi. Un codice già usato non si può riusare."),
    "titolo_it": _("Scrivi il nome del servizio in italiano."),
    "titolo_en": _("Scrivi il nome del servizio in inglese."),
    "nota_it": _("Scrivi la nota in italiano e in inglese, oppure in nessuna delle due lingue."),
    "categoria": _("Copia il codice della tassonomia di pagoPA per intero, come 9/0601126IM/."),
    "conto": _("Al massimo 35 caratteri."),
    "fisso": _AMOUNT_RULES,
    "minimo": _AMOUNT_RULES,
    "massimo": _AMOUNT_RULES,
    "multiplo": _AMOUNT_RULES,
    "": _("Con questi dati il servizio non va: controllali uno per uno."),
}
_NO_AMOUNT: Final = _("Scrivi l'importo in euro, per esempio 25,00, oppure lascia vuoto.")


class ServiceForm(OfficeForm):
    """The form of a service, its trial as a citizen will see it, and its publication: three steps at one address."""

    operation = Operation.WRITE_CATALOGUE
    is_new: bool

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, version_of(form), _typed(form, params.get("service")), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Try the service out or publish it, as the button says; or show the form again with what will not do."""
        typed, version, step = _typed(form, params.get("service")), version_of(form), form.get("passo")
        content, errors = _content(typed)
        if content is None or step not in ("prova", "pubblica"):
            self._write(req, resp, desk, version, typed, errors)
            return
        visit = visit_of(req)
        request = office_catalogue.PublishServiceRequest(
            entity_code=desk.entity.code,
            actor=actor_of(desk.operator),
            version=version,
            service=content,
            is_new=self.is_new,
            is_trial=step == "prova",
        )
        try:
            published = visit.call(office_catalogue.PUBLISH_SERVICE, request)
        except Refused as refusal:
            if refusal.code is ErrorCode.DUPLICATE_REFERENCE:
                self._write(req, resp, desk, version, typed, {"codice": _SENTENCES["codice"]})
                return
            change = changed_by(visit, desk, refusal)
            self._write(req, resp, desk, catalogue_of(visit, desk).version, typed, {}, change)
            return
        self._answer(req, resp, desk, typed, published, is_trial=request.is_trial)

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        typed: Mapping[str, str],
        published: Published,
        *,
        is_trial: bool,
    ) -> None:
        if published.wrong_fields or published.service is None:
            found = [_FIELD_OF.get(name, "") for name in published.wrong_fields]
            errors = {name: _SENTENCES.get(name, _SENTENCES[""]) for name in found or [""]}
            self._write(req, resp, desk, published.version, typed, errors)
        elif is_trial:
            self._show_trial(req, resp, desk, published.version, typed, published.service)
        else:
            self.site.catalogue.forget(desk.entity.code)
            see_other(resp, announcing(addresses.catalogue(desk.entity.code), CATALOGUE_PUBLISHED))

    def _show_trial(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        version: int,
        typed: Mapping[str, str],
        service: CatalogueService,
    ) -> None:
        kind = FormKind.of(service, anonymous=service.allows_anonymous)
        self.show(
            req,
            resp,
            "catalogue_trial.html",
            desk,
            version=version,
            typed=typed,
            action=self._action(desk, typed),
            service=service,
            form=InsertionForm.empty(kind, service),
            beneficiaries=(),
            **shown_fields(service, visit_of(req).language),
        )

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        version: int,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
        changed: ChangeTold | None = None,
    ) -> None:
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        self.show(
            req,
            resp,
            "catalogue_service.html",
            desk,
            status=status,
            version=version,
            typed=typed,
            errors=errors,
            changed=changed,
            is_new=self.is_new,
            action=self._action(desk, typed),
        )

    def _action(self, desk: Desk, typed: Mapping[str, str]) -> str:
        return addresses.catalogue_service(desk.entity.code, None if self.is_new else typed["codice"])


class NewService(ServiceForm):
    """Aggiungi un servizio."""

    is_new = True

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the empty form: late payment is accepted unless somebody says otherwise."""
        desk = self.enter(req, entity, self.operation)
        typed = dict.fromkeys((*_TEXTS, *_AMOUNTS, *_BOXES, "dal_file"), "") | {"spontaneo": "si", "in_ritardo": "si"}
        self._write(req, resp, desk, catalogue_of(visit_of(req), desk).version, typed, {})


class ChangeService(ServiceForm):
    """Modifica un servizio; its code is that of its practices, and stays."""

    is_new = False

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, service: str) -> None:
        """Show the form as the service is. Raises Refused(UNKNOWN_SERVICE)."""
        desk = self.enter(req, entity, self.operation)
        found = catalogue_of(visit_of(req), desk)
        typed = _typed_of(service_of(found, service), visit_of(req).language)
        self._write(req, resp, desk, found.version, typed, {})


def _typed(form: Form, service_code: str | None) -> dict[str, str]:
    """Return what was typed; of a service that is there the code of its address, whatever the form says."""
    texts = {name: cleaned(form, name)[:max_chars] for name, max_chars in _TEXTS.items()}
    amounts = {name: cleaned(form, name)[:40] for name in _AMOUNTS}
    boxes = {name: "si" if form.get(name) == "si" else "" for name in _BOXES}
    dal_file = cleaned(form, "dal_file")[:200]
    typed = {**texts, **amounts, **boxes, "dal_file": dal_file}
    return typed if service_code is None else {**typed, "codice": service_code}


def _typed_of(service: ServiceContent, language: str) -> dict[str, str]:
    note = service.note
    sign = "," if language == "it" else "."
    cents_of = {name: getattr(service, cents) for name, cents in _AMOUNTS.items()}
    return {
        "codice": service.code,
        "titolo_it": service.title.it,
        "titolo_en": service.title.en or "",
        "nota_it": note.it if note else "",
        "nota_en": (note.en or "") if note else "",
        "categoria": service.category,
        "conto": service.accounting_code or "",
        **{name: f"{cents // 100}{sign}{cents % 100:02d}" if cents else "" for name, cents in cents_of.items()},
        **{name: "si" if getattr(service, box) else "" for name, box in _BOXES.items()},
        "dal_file": ", ".join(service.from_file),
    }


def _content(typed: Mapping[str, str]) -> tuple[ServiceContent | None, dict[str, str]]:
    """Return what the form says, and what cannot be read or is missing in it; practices says what else will not do."""
    errors = {name: _SENTENCES[name] for name in ("codice", "titolo_it", "titolo_en", "categoria") if not typed[name]}
    if bool(typed["nota_it"]) != bool(typed["nota_en"]):
        errors["nota_it"] = _SENTENCES["nota_it"]
    cents: dict[str, int | None] = {}
    for name, field in _AMOUNTS.items():
        try:
            cents[field] = AmountCents.typed(typed[name]) if typed[name] else None
        except Refused:
            errors[name] = _NO_AMOUNT
    if errors:
        return None, errors
    content = ServiceContent(
        code=typed["codice"],
        title=LocalisedText(it=typed["titolo_it"], en=typed["titolo_en"]),
        note=LocalisedText(it=typed["nota_it"], en=typed["nota_en"]) if typed["nota_it"] else None,
        category=typed["categoria"],
        accounting_code=typed["conto"] or None,
        spontaneous=bool(typed["spontaneo"]),
        allows_anonymous=bool(typed["anonimo"]),
        requires_beneficiary=bool(typed["studente"]),
        accepts_late=bool(typed["in_ritardo"]),
        min_cents=cents["min_cents"],
        max_cents=cents["max_cents"],
        unit_cents=cents["unit_cents"],
        fixed_cents=cents["fixed_cents"],
    )
    return content, {}
