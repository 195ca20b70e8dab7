"""What got stuck: events of the entity that a part of the portal has given up on, looked at, sent again, dropped."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon

from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.roles import Operation
from contracts.rpc import dead_letters
from contracts.rpc.dead_letters import DeadLetter, DeadLetterQueue
from contracts.rpc.operators import actor_of
from gateway.office import addresses
from gateway.office.desk import Desk, OfficeForm, OfficePage
from gateway.office.failure_words import CONSUMERS
from gateway.translations import marked as _
from gateway.visit import Visit, visit_of
from gateway.web.addresses import announcing
from gateway.web.announcements import LETTER_DROPPED, LETTER_REPLAYED
from gateway.web.page import Form, checked_form, cleaned, see_other

_REASON_MAX: Final = 200
_LETTERS_PER_PAGE: Final = 50
_NO_REASON: Final = _("Scrivi perché si può eliminare.")


class FailuresPage(OfficePage):
    """Che cosa è fermo."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Ask every service; one that does not answer is named. Raises as `enter` does."""
        desk = self.enter(req, entity, Operation.READ_FAILURES)
        visit = visit_of(req)
        queues: list[DeadLetterQueue] = []
        silent: list[str] = []
        for service in dead_letters.HEARING:
            try:
                queues += _queues(visit, desk, service)
            except Unavailable:
                silent.append(service)
        waiting = [one for one in queues if one.waiting]
        self.show(req, resp, "failures.html", desk, queues=waiting, silent=silent, consumers=CONSUMERS)


class DeadLettersPage(OfficePage):
    """Those of one consumer."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, consumer: str) -> None:
        """Show the oldest. Raises Refused(NOT_FOUND) for a consumer that there is not."""
        desk = self.enter(req, entity, Operation.READ_FAILURES)
        asked = dead_letters.DeadLettersRequest(
            consumer=consumer, limit=_LETTERS_PER_PAGE, entity_code=desk.entity.code
        )
        found = visit_of(req).call(dead_letters.letters_call(_service(consumer)), asked)
        self.show(
            req,
            resp,
            "dead_letters.html",
            desk,
            consumer=consumer,
            meaning=CONSUMERS.get(consumer, consumer),
            letters=[one for one in found.letters if one.id],
            waiting=found.waiting,
        )


class DeadLetterPage(OfficePage):
    """One of them, without the persons in it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, consumer: str, letter_id: str) -> None:
        """Show it. Raises Refused(NOT_FOUND)."""
        desk = self.enter(req, entity, Operation.READ_FAILURES)
        letter = _letter(visit_of(req), desk, consumer, letter_id)
        event = json.dumps(letter.event, indent=2, ensure_ascii=False, sort_keys=True) if letter.event else ""
        self.show(
            req,
            resp,
            "dead_letter.html",
            desk,
            consumer=consumer,
            meaning=CONSUMERS.get(consumer, consumer),
            letter=letter,
            letter_id=letter_id,
            event=event,
        )


class ReplayLetter(OfficePage):
    """Manda di nuovo."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, consumer: str, letter_id: str) -> None:
        """Send it to its consumer again, with all attempts before it. Raises Refused(NOT_FOUND)."""
        checked_form(req)
        desk = self.enter(req, entity, Operation.WRITE_FAILURES)
        request = dead_letters.ReplayLettersRequest(
            consumer=consumer, id=letter_id, entity_code=desk.entity.code, actor=actor_of(desk.operator)
        )
        visit_of(req).call(dead_letters.replay_call(_service(consumer)), request)
        see_other(resp, announcing(addresses.failures(desk.entity.code), LETTER_REPLAYED))


class DropLetter(OfficeForm):
    """Elimina, with a reason: asked once."""

    operation = Operation.WRITE_FAILURES

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, consumer: str, letter_id: str) -> None:
        """Ask why."""
        desk = self.enter(req, entity, self.operation)
        self._write(req, resp, desk, "", {}, consumer=consumer, letter_id=letter_id)

    def again(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Ask once more."""
        self._write(req, resp, desk, _reason(form), {}, **params)

    def send(self, req: falcon.Request, resp: falcon.Response, desk: Desk, form: Form, **params: Any) -> None:
        """Drop it for good. Raises Refused(NOT_FOUND)."""
        reason = _reason(form)
        if not reason:
            self._write(req, resp, desk, "", {"motivo": _NO_REASON}, **params)
            return
        request = dead_letters.DropLettersRequest(
            consumer=params["consumer"],
            id=params["letter_id"],
            reason=reason,
            entity_code=desk.entity.code,
            actor=actor_of(desk.operator),
        )
        visit_of(req).call(dead_letters.drop_call(_service(params["consumer"])), request)
        see_other(resp, announcing(addresses.failures(desk.entity.code), LETTER_DROPPED))

    def _write(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        desk: Desk,
        reason: str,
        errors: Mapping[str, str],
        **params: Any,
    ) -> None:
        letter = _letter(visit_of(req), desk, params["consumer"], params["letter_id"])
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        values = {"reason": reason, "errors": errors, "letter": letter, **params}
        meaning = CONSUMERS.get(params["consumer"], params["consumer"])
        self.show(req, resp, "dead_letter_drop.html", desk, status=status, meaning=meaning, **values)


def _queues(visit: Visit, desk: Desk, service: str) -> list[DeadLetterQueue]:
    asked = dead_letters.DeadLetterQueuesRequest(entity_code=desk.entity.code)
    return list(visit.call(dead_letters.queues_call(service), asked).queues)


def _letter(visit: Visit, desk: Desk, consumer: str, letter_id: str) -> DeadLetter:
    """Return one of the entity's. Raises Refused(NOT_FOUND)."""
    asked = dead_letters.DeadLettersRequest(consumer=consumer, id=letter_id, entity_code=desk.entity.code)
    return visit.call(dead_letters.letters_call(_service(consumer)), asked).letters[0]


def _service(consumer: str) -> str:
    """Return the service of a consumer. Raises Refused(NOT_FOUND)."""
    service = consumer.split(".", maxsplit=1)[0]
    if service not in dead_letters.HEARING:
        raise Refused(ErrorCode.NOT_FOUND)
    return service


def _reason(form: Form) -> str:
    return cleaned(form, "motivo")[:_REASON_MAX]
