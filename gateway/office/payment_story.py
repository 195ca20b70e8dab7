"""The whole story of a payment: what happened, and the node's messages, masked; whole for a reason."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import falcon

from contracts.errors import ErrorCode, Refused
from contracts.roles import Operation
from contracts.rpc import payment_story, payments
from contracts.rpc.operators import actor_of
from contracts.rpc.payment_story import MESSAGE_ID_PATTERN, MESSAGE_REASON_MAX
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.practices import one_practice
from gateway.translations import marked as _
from gateway.visit import visit_of
from gateway.web.page import Form, cleaned
from gateway.web.timeline import timeline_of

_NO_REASON: Final = _("Scrivi perché lo leggi: resta nel registro, con il tuo nome.")


class PaymentStory(OfficePage):
    """La storia di una pratica."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it. Raises as `enter` does, and Refused(PRACTICE_NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.FIND_PRACTICES)
        _write(self, req, resp, desk, practice_id)


class WholeMessage(OfficeForm):
    """Un messaggio del nodo, intero."""

    operation = Operation.READ_PAYMENTS

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the story with what was typed: nothing has been read."""
        _write(self, req, resp, desk, params["practice_id"], typed=_typed(form))

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Show the message, which is written down; or the story again where the reason is missing."""
        visit, practice_id, typed = visit_of(req), params["practice_id"], _typed(form)
        if re.match(MESSAGE_ID_PATTERN, typed["messaggio"]) is None:
            raise Refused(ErrorCode.NOT_FOUND)
        practice = one_practice(visit, desk, practice_id, self.operation).practice
        try:
            whole = visit.call(
                payment_story.READ_MESSAGE,
                payment_story.ReadMessageRequest(
                    entity_code=desk.entity.code,
                    practice_id=practice_id,
                    message_id=typed["messaggio"],
                    actor=actor_of(desk.operator),
                    reason=typed["motivo"],
                ),
            )
        except Refused as refusal:
            if refusal.code is not ErrorCode.DESCRIPTION_REQUIRED:
                raise
            _write(self, req, resp, desk, practice_id, typed=typed, errors={f"motivo-{typed['messaggio']}": _NO_REASON})
            return
        self.show(req, resp, "whole_message.html", desk, practice=practice, xml=whole.xml)


def _write(
    page: OfficePage,
    req: falcon.Request,
    resp: falcon.Response,
    desk: Desk,
    practice_id: UUID,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> None:
    visit = visit_of(req)
    practice = one_practice(visit, desk, practice_id, Operation.FIND_PRACTICES).practice
    entries = visit.call(payments.TIMELINE, payments.ReceiptsRequest(practice_id=practice_id)).entries
    asked = payment_story.NodeMessagesRequest(entity_code=desk.entity.code, practice_id=practice_id)
    page.show(
        req,
        resp,
        "payment_story.html",
        desk,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        practice=practice,
        rows=timeline_of(practice, entries),
        messages=visit.call(payment_story.NODE_MESSAGES, asked).messages,
        typed=typed or {"messaggio": "", "motivo": ""},
        errors=errors or {},
    )


def _typed(form: Form) -> Mapping[str, str]:
    return {
        "messaggio": cleaned(form, "messaggio")[:40],
        "motivo": cleaned(form, "motivo")[:MESSAGE_REASON_MAX],
    }
