"""Webhooks of the entity: addresses of its software to which payments' events are sent, tested, with their history."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import webhooks
from contracts.rpc.operators import actor_of
from contracts.rpc.webhooks import Webhook
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.software_words import DELIVERY_STATES, DISABLED, EVENT_TYPES, PROBLEMS
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import WEBHOOK_CHANGED, WEBHOOK_DELETED, WEBHOOK_RESENT, WEBHOOK_TESTED
from gateway.web.page import Form, checked_form, cleaned, form_id, form_key, see_other

_URL_MAX_CHARS: Final = 500
_DELIVERIES_PER_PAGE: Final = 20
_DELIVERY_ID_MAX_DIGITS: Final = 18
_NO_URL: Final = _("Scrivi un indirizzo che comincia con https:// e non contiene nome utente né password.")
_TOO_MANY: Final = _("Ci sono già dieci indirizzi: elimina prima quelli che non servono.")


@dataclass(frozen=True)
class WebhookForm:
    """What is typed: the address, the boxes of the types (none are all), and whether it is sent to."""

    url: str = ""
    types: frozenset[str] = frozenset()
    enabled: bool = True

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookForm":
        """Return a webhook as it stands."""
        return cls(webhook.url, frozenset(webhook.types), webhook.enabled)

    @classmethod
    def read(cls, form: Form) -> "WebhookForm":
        """Read the form."""
        ticked = frozenset(name for name in EVENT_TYPES if form.get(f"tipo-{name}") == "si")
        return cls(cleaned(form, "url")[: _URL_MAX_CHARS + 1], ticked, form.get("sospesa") != "si")

    @property
    def chosen_types(self) -> Sequence[str]:
        """Return the types as they are stored, in one order."""
        return [name for name in EVENT_TYPES if name in self.types]

    @property
    def errors(self) -> Mapping[str, str]:
        """Return what is wrong, by field."""
        is_good = re.match(webhooks.HTTPS_PATTERN, self.url) and len(self.url) <= _URL_MAX_CHARS
        return {} if is_good else {"url": _NO_URL}


class WebhooksPage(OfficePage):
    """Notifiche al gestionale."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show them. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_WEBHOOKS)
        self.show(req, resp, "webhooks.html", desk, webhooks=_all(req, desk), types=EVENT_TYPES, disabled=DISABLED)


class WebhookPage(OfficePage):
    """One of them, with what was sent to it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Show it. Raises Refused(NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.READ_WEBHOOKS)
        webhook = _one(req, desk, webhook_id)
        before = req.get_param("prima_di") or ""
        is_number = before.isascii() and before.isdigit() and len(before) <= _DELIVERY_ID_MAX_DIGITS
        request = webhooks.WebhookDeliveriesRequest(
            entity_code=desk.entity.code,
            id=webhook_id,
            before=int(before) if is_number else None,
            limit=_DELIVERIES_PER_PAGE,
        )
        page = visit_of(req).call(webhooks.WEBHOOK_DELIVERIES, request)
        self.show(
            req,
            resp,
            "webhook.html",
            desk,
            webhook=webhook,
            page=page,
            is_first_page=not is_number,
            types=EVENT_TYPES,
            disabled=DISABLED,
            delivery_states=DELIVERY_STATES,
            problems=PROBLEMS,
        )


class MakeWebhook(OfficeForm):
    """Aggiungi un indirizzo."""

    operation = Operation.WRITE_WEBHOOKS

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the empty form."""
        self._write(req, resp, self.enter(req, entity, self.operation), WebhookForm(), form_key({}), {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, WebhookForm.read(form), form_key(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **_params: Any) -> None:
        """Make it and show its secret, this once: the page is the answer to the POST itself."""
        typed, key = WebhookForm.read(form), form_key(form)
        if typed.errors:
            self._write(req, resp, desk, typed, key, typed.errors)
            return
        request = webhooks.CreateWebhookRequest(
            entity_code=desk.entity.code,
            id=UUID(key),
            url=typed.url,
            types=typed.chosen_types,
            actor=actor_of(desk.operator),
        )
        try:
            made = visit_of(req).call(webhooks.CREATE_WEBHOOK, request)
        except Refused as refusal:
            if refusal.code is not ErrorCode.TOO_MANY_REQUESTS:
                raise
            self._write(req, resp, desk, typed, key, {"": _TOO_MANY})
            return
        self.show(req, resp, "webhook_secret.html", desk, webhook=made, is_new=True)

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        typed: WebhookForm,
        key: str,
        errors: Mapping[str, str],
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {"typed": typed, "key": key, "errors": errors, "types": EVENT_TYPES, "webhook": None}
        self.show(req, resp, "webhook_form.html", desk, status=status, **values)


class ChangeWebhook(OfficeForm):
    """Its address and types, and whether it is sent to."""

    operation = Operation.WRITE_WEBHOOKS

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Show the form. Raises Refused(NOT_FOUND)."""
        desk = self.enter(req, entity, self.operation)
        webhook = _one(req, desk, webhook_id)
        self._write(req, resp, desk, webhook, WebhookForm.of(webhook), {})

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the form as it was typed."""
        self._write(req, resp, desk, _one(req, desk, params["webhook_id"]), WebhookForm.read(form), {})

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Change it; one that is sent to again gets what it missed."""
        typed = WebhookForm.read(form)
        if typed.errors:
            self._write(req, resp, desk, _one(req, desk, params["webhook_id"]), typed, typed.errors)
            return
        request = webhooks.ChangeWebhookRequest(
            entity_code=desk.entity.code,
            id=params["webhook_id"],
            url=typed.url,
            types=typed.chosen_types,
            enabled=typed.enabled,
            actor=actor_of(desk.operator),
        )
        visit_of(req).call(webhooks.CHANGE_WEBHOOK, request)
        see_other(resp, announcing(addresses.webhook(desk.entity.code, params["webhook_id"]), WEBHOOK_CHANGED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        webhook: Webhook,
        typed: WebhookForm,
        errors: Mapping[str, str],
    ) -> None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {"typed": typed, "key": None, "errors": errors, "types": EVENT_TYPES, "webhook": webhook}
        self.show(req, resp, "webhook_form.html", desk, status=status, **values)


class _WebhookAction(OfficePage):
    """A button of a webhook's page."""

    def begin(self, req: falcon.Request, entity: str, webhook_id: UUID) -> tuple[Desk, Form, webhooks.WebhookRequest]:
        """Return who asks, the form and the request. Raises Refused(CSRF_FAILED) and as `enter` does."""
        form = checked_form(req)
        desk = self.enter(req, entity, Operation.WRITE_WEBHOOKS)
        actor = actor_of(desk.operator)
        return desk, form, webhooks.WebhookRequest(entity_code=desk.entity.code, id=webhook_id, actor=actor)


class TryWebhook(_WebhookAction):
    """Prova: a message that tells nothing, whose answer stands in the history."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Send it. Raises Refused(NOT_FOUND)."""
        desk, _form, request = self.begin(req, entity, webhook_id)
        visit_of(req).call(webhooks.TEST_WEBHOOK, request)
        see_other(resp, announcing(addresses.webhook(desk.entity.code, webhook_id), WEBHOOK_TESTED))


class ResendDelivery(_WebhookAction):
    """Manda di nuovo: one event."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Send it again. Raises Refused(NOT_FOUND) for an event of too long ago."""
        desk, form, request = self.begin(req, entity, webhook_id)
        asked = webhooks.ResendRequest(
            entity_code=request.entity_code,
            id=webhook_id,
            event_id=form_id(form.get("event_id")),
            actor=request.actor,
        )
        visit_of(req).call(webhooks.RESEND, asked)
        see_other(resp, announcing(addresses.webhook(desk.entity.code, webhook_id), WEBHOOK_RESENT))


class _WebhookQuestion(_WebhookAction):
    """Asks once whether something is meant."""

    template: str

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Ask. Raises Refused(NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.WRITE_WEBHOOKS)
        self.show(req, resp, self.template, desk, webhook=_one(req, desk, webhook_id))


class RotateWebhookSecret(_WebhookQuestion):
    """Another secret; for a day messages are signed with both."""

    template = "webhook_rotate.html"

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Show it, this once. Raises Refused(NOT_FOUND)."""
        desk, _form, request = self.begin(req, entity, webhook_id)
        made = visit_of(req).call(webhooks.ROTATE_WEBHOOK_SECRET, request)
        self.show(req, resp, "webhook_secret.html", desk, webhook=made, is_new=False)


class DeleteWebhook(_WebhookQuestion):
    """Elimina: with its history."""

    template = "webhook_delete.html"

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, webhook_id: UUID) -> None:
        """Delete it; again is the same as once."""
        desk, _form, request = self.begin(req, entity, webhook_id)
        visit_of(req).call(webhooks.DELETE_WEBHOOK, request)
        see_other(resp, announcing(addresses.webhooks(desk.entity.code), WEBHOOK_DELETED))


def _all(req: falcon.Request, desk: Desk) -> Sequence[Webhook]:
    return visit_of(req).call(webhooks.WEBHOOKS, webhooks.WebhooksRequest(entity_code=desk.entity.code)).webhooks


def _one(req: falcon.Request, desk: Desk, webhook_id: UUID) -> Webhook:
    """Return one of the entity's. Raises Refused(NOT_FOUND)."""
    for webhook in _all(req, desk):
        if webhook.id == webhook_id:
            return webhook
    raise Refused(ErrorCode.NOT_FOUND)
