"""A debt typed in at the counter: one thing owed by one person."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import falcon

from contracts.codes import DESCRIPTION_MAX_CHARS, NAME_MAX_CHARS, AmountCents
from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import office
from contracts.rpc.operators import actor_of
from gateway.messages import MESSAGES
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm
from gateway.office.practice_changes import typed_day
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import PRACTICE_INSERTED
from gateway.web.page import Form, cleaned, form_key, see_other

FIELDS: Final[Mapping[str, int]] = {
    "servizio": 35,
    "fiscal_code": 32,
    "nome": NAME_MAX_CHARS,
    "email": 256,
    "causale": DESCRIPTION_MAX_CHARS,
    "importo": 40,
    "scadenza": 40,
    "rif": 70,
}
"""What the form has, and how many characters of each."""
FIELD_OF_CODE: Final = {
    ErrorCode.UNKNOWN_SERVICE: "servizio",
    ErrorCode.INVALID_FISCAL_CODE: "fiscal_code",
    ErrorCode.ANONYMOUS_NOT_ALLOWED: "fiscal_code",
    ErrorCode.NAME_REQUIRED: "nome",
    ErrorCode.NAME_TOO_LONG: "nome",
    ErrorCode.DESCRIPTION_REQUIRED: "causale",
    ErrorCode.DESCRIPTION_TOO_LONG: "causale",
    ErrorCode.INVALID_AMOUNT: "importo",
    ErrorCode.AMOUNT_OUT_OF_RANGE: "importo",
    ErrorCode.AMOUNT_NOT_ALLOWED: "importo",
    ErrorCode.INVALID_DATE: "scadenza",
    ErrorCode.DUPLICATE_REFERENCE: "rif",
    ErrorCode.SPREADSHEET_VALUE: "rif",
}
SENTENCES: Final = {
    ErrorCode.UNKNOWN_SERVICE: _("Scegli uno dei servizi dell'elenco."),
    ErrorCode.ANONYMOUS_NOT_ALLOWED: _("Scrivi il codice fiscale: questo servizio non accetta pratiche senza."),
    ErrorCode.INVALID_DATE: _("Scrivi la data come giorno, mese e anno."),
    ErrorCode.DUPLICATE_REFERENCE: _("C'è già una pratica con questo riferimento: cercala, oppure usane un altro."),
}


class InsertPractice(OfficeForm):
    """Inserisci una pratica."""

    operation = Operation.INSERT_PRACTICES

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the empty form. Raises as `enter` does."""
        desk = self.enter(req, entity, self.operation)
        self._write(req, resp, desk, dict.fromkeys(FIELDS, ""), str(uuid4()))

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, _typed(form), form_key(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Make the practice, and show it; or the form again with what is wrong."""
        typed, key = _typed(form), form_key(form)
        try:
            request = self._request(desk, typed, key)
            made = visit_of(req).call(office.INSERT, request)
        except Refused as refusal:
            name = FIELD_OF_CODE.get(refusal.code)
            if name is None:
                raise
            sentence = SENTENCES.get(refusal.code) or MESSAGES[refusal.code].sentence
            self._write(req, resp, desk, typed, key, {name: sentence})
            return
        see_other(resp, announcing(addresses.practice(desk.entity.code, made.id), PRACTICE_INSERTED))

    def _request(self, desk: Desk, typed: Mapping[str, str], key: str) -> office.OfficeInsertRequest:
        """Read the form. Raises Refused for what cannot be read."""
        if not typed["servizio"]:
            raise Refused(ErrorCode.UNKNOWN_SERVICE)
        return office.OfficeInsertRequest(
            idempotency_key=key,
            entity_code=desk.entity.code,
            service_codes=desk.services(self.operation),
            actor=actor_of(desk.operator),
            service_code=typed["servizio"],
            fiscal_code=typed["fiscal_code"],
            full_name=typed["nome"],
            email=typed["email"] or None,
            description=typed["causale"],
            amount_cents=AmountCents.typed(typed["importo"]),
            due_date=typed_day(typed["scadenza"]),
            external_id=typed["rif"] or None,
        )

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        typed: Mapping[str, str],
        key: str,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        codes = desk.services(self.operation)
        offered = [one for one in desk.entity.services if codes is None or one.code in codes]
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {"typed": typed, "key": key, "errors": errors or {}, "services": offered}
        self.show(req, resp, "insert.html", desk, status=status, **values)


def _typed(form: Form) -> dict[str, str]:
    return {name: cleaned(form, name)[:max_chars] for name, max_chars in FIELDS.items()}
