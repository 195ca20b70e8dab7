"""The entities' own software, asked over HTTP what is to be paid (docs/amounts-asked.md, ADR 25).

A signed POST for each question, as webhooks are signed (Standard Webhooks). It has its time and no more, whoever waits:
questions are put in threads, and an address that has let one wait is left alone for a while.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import monotonic
from typing import Final, Self
from uuid import UUID, uuid4

from chassis import logs
from chassis.https_post import Posted, post
from chassis.messaging import codec
from contracts.errors import Refused
from contracts.message import Message
from services.practices.domain.amount_questions import AmountAnswer
from services.practices.domain.question_secrets import secret_of, signature
from services.practices.metrics import AMOUNTS_ASKED, AMOUNTS_ASKED_SECONDS
from services.practices.settings import Settings

log = logs.get_logger(__name__)

AT_ONCE_MAX: Final = 20
"""So many questions are put for one page; what is beyond stays as it was told last."""
_REST_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Message):
    """What the software is asked: how much for this debt at this moment. It knows the debt by its own reference."""

    entity_code: str
    service_code: str
    external_id: str
    notice_number: str
    iuv: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Addressed:
    """A question and where it is put."""

    practice_id: UUID
    url: str
    question: Question


class AmountSoftware:
    """Puts questions. One per process: it knows which addresses rest, and how many workers are waiting."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = threading.BoundedSemaphore(settings.questions_at_once)
        self._resting: dict[str, float] = {}

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises EnvError."""
        return cls(Settings.load())

    def ask(self, asked: Sequence[Addressed], now: datetime) -> Mapping[UUID, AmountAnswer]:
        """Return the answers that came in time, by practice; it takes no longer than `question_timeout_s`."""
        began, timeout_s = monotonic(), self._settings.question_timeout_s
        awake = [one for one in asked[:AT_ONCE_MAX] if self._resting.get(one.url, 0.0) <= began]
        if not awake or not self._settings.question_keys or not self._slots.acquire(timeout=timeout_s / 4):
            _count(asked, "not_asked")
            return {}
        try:
            return self._ask(awake, began + timeout_s, now)
        finally:
            self._slots.release()

    def _ask(self, asked: Sequence[Addressed], end: float, now: datetime) -> Mapping[UUID, AmountAnswer]:
        came: dict[UUID, Posted] = {}

        def put(one: Addressed) -> None:
            came[one.practice_id] = self._post(one, now)

        threads = [threading.Thread(target=put, args=(one,), daemon=True) for one in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, end - monotonic()))
        # Who is late is not waited for: what comes now changes nothing any more.
        in_time = dict(came)
        found = {one.practice_id: self._read(one, in_time.get(one.practice_id)) for one in asked}
        return {practice_id: answer for practice_id, answer in found.items() if answer is not None}

    def _post(self, one: Addressed, now: datetime) -> Posted:
        body, message_id = codec.write(one.question), str(uuid4())
        keys, entity_code = self._settings.question_keys, one.question.entity_code
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "back-office-pagatore",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(
                signature(secret_of(key, entity_code), message_id, now, body) for key in keys
            ),
        }
        timeout_s, allowed = self._settings.question_timeout_s, self._settings.question_networks
        return post(one.url, body, headers, timeout_s=timeout_s, allowed=allowed, plain_inside=True)

    def _read(self, one: Addressed, came: Posted | None) -> AmountAnswer | None:
        """Return the answer in what came; None where it is none, which is counted and told with its reason."""
        answer, problem = None, "timed_out" if came is None else came.problem
        if came is not None and came.status == HTTPStatus.OK and problem is None:
            try:
                answer = codec.admitted(came.body, AmountAnswer)
            except (Refused, codec.Unreadable, UnicodeDecodeError):
                problem = "unreadable"
        problem = None if answer else problem or f"status_{came.status if came else 0}"
        _count([one], problem or "answered")
        if came is not None:
            AMOUNTS_ASKED_SECONDS.observe(came.duration_ms / 1000)
        if problem == "timed_out":
            self._resting[one.url] = monotonic() + _REST_S
        if problem is not None:
            log.warning("amount_not_told", entity_code=one.question.entity_code, problem=problem)
        return answer


def _count(asked: Sequence[Addressed], outcome: str) -> None:
    for one in asked:
        AMOUNTS_ASKED.labels(one.question.entity_code, outcome).inc()
