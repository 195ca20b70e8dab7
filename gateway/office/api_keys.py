"""API keys of the entity's software: made, rotated, revoked. Each text is shown once, by the page that made it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.error_details import ChangedMeanwhile, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import api_keys, operators
from contracts.rpc.api_keys import ApiKey
from gateway.office import addresses
from gateway.office.changes import ChangeTold, told
from gateway.office.colleagues import version_of
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.login import office_token
from gateway.office.software_words import SCOPES
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import API_KEY_REVOKED
from gateway.web.page import Form, cleaned, see_other

_NO_NAME: Final = _("Scrivi il nome del programma che userà la chiave.")
_NO_SCOPE: Final = _("Scegli almeno un permesso.")
_SENTENCES: Final = {
    ErrorCode.NAME_REQUIRED: _NO_NAME,
    ErrorCode.DUPLICATE_REFERENCE: _("C'è già una chiave in uso con questo nome: scegline un altro."),
    ErrorCode.TOO_MANY_REQUESTS: _("Ci sono già venti chiavi in uso: revoca prima quelle che non servono."),
}


class ApiKeysPage(OfficePage):
    """Chiavi del gestionale."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show those in force, and which there were. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_KEYS)
        found = _keys(req, desk)
        self.show(
            req,
            resp,
            "api_keys.html",
            desk,
            present=[one for one in found if one.revoked_at is None],
            past=[one for one in found if one.revoked_at is not None],
            scopes=SCOPES,
        )


class MakeApiKey(OfficeForm):
    """Crea una chiave."""

    operation = Operation.WRITE_KEYS

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the empty form."""
        self._write(req, resp, self.enter(req, entity, self.operation), "", frozenset(), {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, _name(form), _ticked(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Make the key and show its text, this once: the page is the answer to the POST itself."""
        name, ticked = _name(form), _ticked(form)
        errors = {} if name else {"nome": _NO_NAME}
        if not ticked:
            errors["permessi"] = _NO_SCOPE
        if errors:
            self._write(req, resp, desk, name, ticked, errors)
            return
        request = api_keys.MakeApiKeyRequest(
            office_token=office_token(req), entity_code=desk.entity.code, name=name, scopes=sorted(ticked)
        )
        try:
            made = visit_of(req).call(api_keys.MAKE_API_KEY, request)
        except Refused as refusal:
            sentence = _SENTENCES.get(refusal.code)
            if sentence is None:
                raise
            self._write(req, resp, desk, name, ticked, {"nome": sentence})
            return
        self.show(req, resp, "api_key_text.html", desk, key=made, is_new=True)

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        name: str,
        ticked: frozenset[str],
        errors: Mapping[str, str],
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {"name": name, "ticked": ticked, "errors": errors, "scopes": SCOPES}
        self.show(req, resp, "api_key_new.html", desk, status=status, **values)


class _ChangeOfApiKey(OfficeForm):
    """Asks once whether a change of a key is meant, and does it."""

    operation = Operation.WRITE_KEYS
    template: str

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, key_id: UUID) -> None:
        """Ask. Raises Refused(NOT_FOUND) for what is no key in force of this entity."""
        self._write(req, resp, self.enter(req, entity, self.operation), key_id)

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Ask once more."""
        self._write(req, resp, desk, params["key_id"])

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Do it; the second of two is told who was faster."""
        request = api_keys.ChangeApiKeyRequest(
            office_token=office_token(req),
            entity_code=desk.entity.code,
            key_id=params["key_id"],
            version=version_of(form),
        )
        try:
            self.change(req, resp, desk, request)
        except Refused as refusal:
            change = detail_of(refusal, ChangedMeanwhile)
            if change is None:
                raise
            self._write(req, resp, desk, params["key_id"], told(visit_of(req), desk, change))

    def change(
        self, req: falcon.Request, resp: falcon.Response, desk: Desk, request: api_keys.ChangeApiKeyRequest
    ) -> None:
        """Change the key and answer."""
        raise NotImplementedError

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        key_id: UUID,
        changed: ChangeTold | None = None,
    ) -> None:
        status = HTTPStatus.CONFLICT if changed else HTTPStatus.OK
        self.show(req, resp, self.template, desk, status=status, key=_key(req, desk, key_id), changed=changed)


class RotateApiKey(_ChangeOfApiKey):
    """Rinnova: another text; the one before is good for a day."""

    template = "api_key_rotate.html"

    def change(
        self, req: falcon.Request, resp: falcon.Response, desk: Desk, request: api_keys.ChangeApiKeyRequest
    ) -> None:
        """Show the new text, this once."""
        made = visit_of(req).call(api_keys.ROTATE_API_KEY, request)
        self.show(req, resp, "api_key_text.html", desk, key=made, is_new=False)


class RevokeApiKey(_ChangeOfApiKey):
    """Revoca: over for good."""

    template = "api_key_revoke.html"

    def change(
        self, req: falcon.Request, resp: falcon.Response, desk: Desk, request: api_keys.ChangeApiKeyRequest
    ) -> None:
        """Go back to the keys."""
        visit_of(req).call(api_keys.REVOKE_API_KEY, request)
        see_other(resp, announcing(addresses.api_keys(desk.entity.code), API_KEY_REVOKED))


def _keys(req: falcon.Request, desk: Desk) -> list[ApiKey]:
    request = operators.OfficeRequest(office_token=office_token(req), entity_code=desk.entity.code)
    return list(visit_of(req).call(api_keys.API_KEYS, request).keys)


def _key(req: falcon.Request, desk: Desk, key_id: UUID) -> ApiKey:
    """Return a key in force. Raises Refused(NOT_FOUND)."""
    for one in _keys(req, desk):
        if one.id == key_id and one.revoked_at is None:
            return one
    raise Refused(ErrorCode.NOT_FOUND)


def _name(form: Form) -> str:
    return cleaned(form, "nome")[: api_keys.API_KEY_NAME_MAX]


def _ticked(form: Form) -> frozenset[str]:
    return frozenset(scope for scope in SCOPES if form.get(f"permesso-{scope}") == "si")
