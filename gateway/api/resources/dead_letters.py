"""For the portal's operator: events that a consumer has given up on, looked at, sent again, dropped.

A service's queues are that service's alone, so each is asked about its own.
"""

from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import dead_letters
from contracts.scopes import Scope
from contracts.shapes import Empty
from gateway.api import answers, bodies, examples
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.tags import Tag

_SETTLED_EXAMPLE = {"count": 1, "waiting": 0}


class DeadLetterQueuesResource(Resource):
    """All of them."""

    @operation(
        Operation(
            summary="How many events each consumer has given up on",
            tag=Tag.DEAD_LETTERS,
            access=Access.KEY,
            scope=Scope.OPS_DEAD_LETTERS,
            answer=answers.DeadLetterQueues,
            answer_example={"queues": [examples.DEAD_LETTER_QUEUE], "silent": []},
        )
    )
    def on_get(self, asked: Asked) -> answers.DeadLetterQueues:
        """Ask every service; one that does not answer is named."""
        queues: list[dead_letters.DeadLetterQueue] = []
        silent: list[str] = []
        for service in dead_letters.HEARING:
            try:
                queues += asked.visit.call(
                    dead_letters.queues_call(service), dead_letters.DeadLetterQueuesRequest()
                ).queues
            except Unavailable:
                silent.append(service)
        return answers.DeadLetterQueues(queues=queues, silent=silent)


class DeadLettersResource(Resource):
    """Those of one consumer."""

    @operation(
        Operation(
            summary="The oldest events a consumer has given up on, without their data",
            tag=Tag.DEAD_LETTERS,
            access=Access.KEY,
            scope=Scope.OPS_DEAD_LETTERS,
            query=bodies.DeadLetterQuery,
            answer=dead_letters.DeadLetters,
            errors=(ErrorCode.NOT_FOUND,),
            answer_example={"letters": [examples.DEAD_LETTER], "waiting": 1},
        )
    )
    def on_get(self, asked: Asked[Empty, bodies.DeadLetterQuery], consumer: str) -> dead_letters.DeadLetters:
        """List them."""
        request = dead_letters.DeadLettersRequest(consumer=consumer, limit=asked.query.limit)
        return asked.visit.call(dead_letters.letters_call(_service(consumer)), request)

    @operation(
        Operation(
            summary="Drop all of them, 1,000 at most, saying why",
            tag=Tag.DEAD_LETTERS,
            access=Access.KEY,
            scope=Scope.OPS_DEAD_LETTERS,
            body=bodies.DropBody,
            answer=dead_letters.SettledLetters,
            errors=(ErrorCode.NOT_FOUND,),
            body_example={"reason": "Ambiente di prova svuotato"},
            answer_example=_SETTLED_EXAMPLE,
        )
    )
    def on_delete(self, asked: Asked[bodies.DropBody], consumer: str) -> dead_letters.SettledLetters:
        """Drop them for good."""
        return _drop(asked, consumer, None)


class DeadLetterResource(Resource):
    """One of them."""

    @operation(
        Operation(
            summary="One event that a consumer has given up on, without the persons in it",
            tag=Tag.DEAD_LETTERS,
            access=Access.KEY,
            scope=Scope.OPS_DEAD_LETTERS,
            answer=dead_letters.DeadLetter,
            errors=(ErrorCode.NOT_FOUND,),
            answer_example=examples.DEAD_LETTER,
        )
    )
    def on_get(self, asked: Asked, consumer: str, letter_id: str) -> dead_letters.DeadLetter:
        """Look at it; it stays where it is."""
        request = dead_letters.DeadLettersRequest(consumer=consumer, id=letter_id)
        [letter] = asked.visit.call(dead_letters.letters_call(_service(consumer)), request).letters
        return letter

    @operation(
        Operation(
            summary="Drop it, saying why",
            tag=Tag.DEAD_LETTERS,
            access=Access.KEY,
            scope=Scope.OPS_DEAD_LETTERS,
            body=bodies.DropBody,
            answer=dead_letters.SettledLetters,
            errors=(ErrorCode.NOT_FOUND,),
            body_example={"reason": "La pratica non esiste più"},
            answer_example=_SETTLED_EXAMPLE,
        )
    )
    def on_delete(self, asked: Asked[bodies.DropBody], consumer: str, letter_id: str) -> dead_letters.SettledLetters:
        """Drop it for good."""
        return _drop(asked, consumer, letter_id)


class DeadLetterReplaysResource(Resource):
    """Sent to their consumer again."""

    @operation(
        Operation(
            summary="Send one of them to its consumer again, or all; again is the same as once",
            tag=Tag.DEAD_LETTERS,
            access=Access.KEY,
            scope=Scope.OPS_DEAD_LETTERS,
            body=bodies.ReplayBody,
            answer=dead_letters.SettledLetters,
            errors=(ErrorCode.NOT_FOUND,),
            body_example={"id": examples.DEAD_LETTER["id"]},
            answer_example=_SETTLED_EXAMPLE,
        )
    )
    def on_post(self, asked: Asked[bodies.ReplayBody], consumer: str) -> dead_letters.SettledLetters:
        """Replay, with all attempts before them."""
        request = dead_letters.ReplayLettersRequest(consumer=consumer, id=asked.body.id)
        return asked.visit.call(dead_letters.replay_call(_service(consumer)), request)


def _drop(asked: Asked[bodies.DropBody], consumer: str, letter_id: str | None) -> dead_letters.SettledLetters:
    request = dead_letters.DropLettersRequest(consumer=consumer, id=letter_id, reason=asked.body.reason)
    return asked.visit.call(dead_letters.drop_call(_service(consumer)), request)


def _service(consumer: str) -> str:
    """Return the service of a consumer. Raises Refused(NOT_FOUND)."""
    service = consumer.split(".", maxsplit=1)[0]
    if service not in dead_letters.HEARING:
        raise Refused(ErrorCode.NOT_FOUND)
    return service
