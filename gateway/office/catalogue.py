"""The entity's catalogue: its services and who published them, what people read of the entity, a service withdrawn."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.actors import Actor
from contracts.checks import problems_of
from contracts.error_details import ChangedMeanwhile, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office_catalogue
from contracts.rpc.office_catalogue import EntityContent, OfficeCatalogue, ServiceContent
from contracts.rpc.operators import actor_of
from contracts.rpc.practices import Colours, Contacts
from contracts.shapes import LocalisedText
from gateway.edge.file_forms import read_file_form
from gateway.office import addresses
from gateway.office.changes import ChangeTold, names_of, told
from gateway.office.colleagues import version_of
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import CATALOGUE_PUBLISHED
from gateway.web.page import Form, checked, cleaned, see_other

_ENTITY_FIELDS: Final[Mapping[str, int]] = {
    "ufficio": 100,
    "sito": 200,
    "email": 256,
    "indirizzo": 140,
    "telefono": 40,
    "pec": 256,
    "orari_it": 200,
    "orari_en": 200,
    "colore": 7,
    "colore_scuro": 7,
}
"""What the form of the entity has, and how many characters of each."""
_ENTITY_FIELD_OF: Final[Mapping[str, str]] = {
    "office_name": "ufficio",
    "website": "sito",
    "contact_email": "email",
    "address": "indirizzo",
    "phone": "telefono",
    "certified_email": "pec",
    "office_hours": "orari_it",
    "primary": "colore",
    "dark": "colore_scuro",
}
_LOGO: Final = "logo"
_NO_LOGO: Final = _("Scegli un file PNG di al massimo 200 kB, con lati da 32 a 2000 pixel.")
_SENTENCES: Final[Mapping[str, str]] = {
    "ufficio": _("Al massimo 50 caratteri: sta sull'avviso."),
    "sito": _("Scrivi l'indirizzo per intero, come https://www.ente.it; con l'e-mail al massimo 100 caratteri."),
    "email": _("Scrivi un indirizzo e-mail completo, come nome@ente.it."),
    "indirizzo": _("Al massimo 140 caratteri."),
    "telefono": _("Scrivi da 5 a 20 cifre, anche con il + davanti."),
    "pec": _("Scrivi un indirizzo e-mail completo, come nome@ente.it."),
    "orari_it": _("Scrivi gli orari in italiano e in inglese, oppure in nessuna delle due lingue."),
    "colore": _("Scegli un colore più scuro: sul bianco e con il testo bianco si deve leggere bene."),
    "colore_scuro": _("Scegli un colore più scuro: sul bianco e con il testo bianco si deve leggere bene."),
    "": _("Con questi dati il catalogo non va: controllali uno per uno."),
}


class CataloguePage(OfficePage):
    """Servizi e testi."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show them as they are in force. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_CATALOGUE)
        visit = visit_of(req)
        found = catalogue_of(visit, desk)
        self.show(
            req,
            resp,
            "catalogue.html",
            desk,
            catalogue=found,
            published_by=_publisher(visit, desk, found.published_by),
            texts=_typed_of(found.entity),
        )


class EntityTexts(OfficeForm):
    """What people read of the entity: its office, contacts, colours."""

    operation = Operation.WRITE_CATALOGUE

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form."""
        desk = self.enter(req, entity, self.operation)
        found = catalogue_of(visit_of(req), desk)
        self._write(req, resp, desk, found.version, _typed_of(found.entity), {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, version_of(form), _typed(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Publish it, or show the form again with what will not do or who was faster."""
        typed, version = _typed(form), version_of(form)
        content = _content(typed)
        errors = _errors(content)
        if errors:
            self._write(req, resp, desk, version, typed, errors)
            return
        visit = visit_of(req)
        request = office_catalogue.PublishEntityRequest(
            entity_code=desk.entity.code, actor=actor_of(desk.operator), version=version, entity=content
        )
        try:
            published = visit.call(office_catalogue.PUBLISH_ENTITY, request)
        except Refused as refusal:
            change = changed_by(visit, desk, refusal)
            self._write(req, resp, desk, catalogue_of(visit, desk).version, typed, {}, change)
            return
        if published.wrong_fields:
            found = [_ENTITY_FIELD_OF.get(name, "") for name in published.wrong_fields]
            self._write(req, resp, desk, version, typed, {name: _SENTENCES[name] for name in found})
            return
        self.site.catalogue.forget(desk.entity.code)
        see_other(resp, announcing(addresses.catalogue(desk.entity.code), CATALOGUE_PUBLISHED))

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
        values = {"version": version, "typed": typed, "errors": errors, "changed": changed}
        self.show(req, resp, "catalogue_entity.html", desk, status=status, **values)


class EntityLogo(OfficePage):
    """The logo on the pages and on what is printed."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form, with the logo there is."""
        desk = self.enter(req, entity, Operation.WRITE_CATALOGUE)
        self._write(req, resp, desk, catalogue_of(visit_of(req), desk).version, {})

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Publish the file, or say what will not do or who was faster."""
        form = read_file_form(req, _LOGO, office_catalogue.LOGO_MAX_BYTES)
        checked(req, form.fields)
        desk = self.enter(req, entity, Operation.WRITE_CATALOGUE)
        visit, version = visit_of(req), version_of(form.fields)
        if not form.content:
            self._write(req, resp, desk, version, {_LOGO: _NO_LOGO})
            return
        request = office_catalogue.PublishLogoRequest(
            entity_code=desk.entity.code,
            actor=actor_of(desk.operator),
            version=version,
            content_base64=base64.b64encode(form.content).decode(),
        )
        try:
            published = visit.call(office_catalogue.PUBLISH_LOGO, request)
        except Refused as refusal:
            change = changed_by(visit, desk, refusal)
            self._write(req, resp, desk, catalogue_of(visit, desk).version, {}, change)
            return
        if published.wrong_fields:
            self._write(req, resp, desk, version, {_LOGO: _NO_LOGO})
            return
        self.site.catalogue.forget(desk.entity.code)
        see_other(resp, announcing(addresses.catalogue(desk.entity.code), CATALOGUE_PUBLISHED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        version: int,
        errors: Mapping[str, str],
        changed: ChangeTold | None = None,
    ) -> None:
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {"version": version, "errors": errors, "changed": changed}
        self.show(req, resp, "catalogue_logo.html", desk, status=status, **values)


class WithdrawService(OfficeForm):
    """Ritira: nobody is billed under it any more."""

    operation = Operation.WRITE_CATALOGUE

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, service: str) -> None:
        """Ask whether it is meant. Raises Refused(UNKNOWN_SERVICE)."""
        self._write(req, resp, self.enter(req, entity, self.operation), service)

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Ask once more."""
        self._write(req, resp, desk, params["service"])

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Withdraw it, or say who was faster."""
        visit = visit_of(req)
        request = office_catalogue.WithdrawServiceRequest(
            entity_code=desk.entity.code,
            actor=actor_of(desk.operator),
            version=version_of(form),
            service_code=params["service"],
        )
        try:
            visit.call(office_catalogue.WITHDRAW_SERVICE, request)
        except Refused as refusal:
            self._write(req, resp, desk, params["service"], changed_by(visit, desk, refusal))
            return
        self.site.catalogue.forget(desk.entity.code)
        see_other(resp, announcing(addresses.catalogue(desk.entity.code), CATALOGUE_PUBLISHED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        service_code: str,
        changed: ChangeTold | None = None,
    ) -> None:
        found = catalogue_of(visit_of(req), desk)
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.OK
        values = {"version": found.version, "service": service_of(found, service_code), "changed": changed}
        self.show(req, resp, "catalogue_withdraw.html", desk, status=status, **values)


def catalogue_of(visit: Visit, desk: Desk) -> OfficeCatalogue:
    """Return the catalogue in force. Raises Refused(NOT_FOUND) where it was loaded before versions were kept."""
    request = office_catalogue.CatalogueRequest(entity_code=desk.entity.code)
    return visit.call(office_catalogue.OFFICE_CATALOGUE, request)


def service_of(found: OfficeCatalogue, service_code: str) -> ServiceContent:
    """Return one of its services. Raises Refused(UNKNOWN_SERVICE)."""
    for one in found.services:
        if one.code == service_code:
            return one
    raise Refused(ErrorCode.UNKNOWN_SERVICE)


def changed_by(visit: Visit, desk: Desk, refusal: Refused) -> ChangeTold:
    """Return who published meanwhile; raises what was refused for another reason."""
    change = detail_of(refusal, ChangedMeanwhile)
    if change is None:
        raise refusal
    return told(visit, desk, change)


def _publisher(visit: Visit, desk: Desk, loaded_by: str) -> str:
    """Return who published a version: an operator by name, and whoever loaded a file as the version has it."""
    kind, _space, actor_id = loaded_by.partition(" ")
    try:
        UUID(actor_id)
    except ValueError:
        return loaded_by
    return names_of(visit, desk, [Actor(kind=kind, id=actor_id)])[0] if kind == "operator" else loaded_by


def _typed(form: Form) -> dict[str, str]:
    return {name: cleaned(form, name)[:max_chars] for name, max_chars in _ENTITY_FIELDS.items()}


def _typed_of(content: EntityContent) -> dict[str, str]:
    contacts, colours = content.contacts or Contacts(), content.colours
    hours = contacts.office_hours
    texts = {
        "ufficio": content.office_name,
        "sito": content.website,
        "email": content.contact_email,
        "indirizzo": contacts.address,
        "telefono": contacts.phone,
        "pec": contacts.certified_email,
        "orari_it": hours.it if hours else None,
        "orari_en": hours.en if hours else None,
        "colore": colours.primary if colours else None,
        "colore_scuro": colours.dark if colours else None,
    }
    return {name: text or "" for name, text in texts.items()}


def _content(typed: Mapping[str, str]) -> EntityContent:
    hours = LocalisedText(it=typed["orari_it"], en=typed["orari_en"])
    contacts = Contacts(
        address=typed["indirizzo"] or None,
        phone=typed["telefono"] or None,
        certified_email=typed["pec"] or None,
        office_hours=hours if typed["orari_it"] or typed["orari_en"] else None,
    )
    is_coloured = typed["colore"] or typed["colore_scuro"]
    return EntityContent(
        office_name=typed["ufficio"] or None,
        website=typed["sito"] or None,
        contact_email=typed["email"] or None,
        contacts=contacts if contacts != Contacts() else None,
        colours=Colours(primary=typed["colore"], dark=typed["colore_scuro"]) if is_coloured else None,
    )


def _errors(content: EntityContent) -> dict[str, str]:
    """Return what can be seen here, by the form's fields: the rest practices says."""
    wrong = {name for part in (content.contacts, content.colours) if part is not None for name in problems_of(part)}
    hours = content.contacts.office_hours if content.contacts else None
    if hours is not None and not (hours.it and hours.en):
        wrong.add("office_hours")
    fields = [_ENTITY_FIELD_OF.get(name, "") for name in sorted(wrong)]
    return {name: _SENTENCES[name] for name in fields}
