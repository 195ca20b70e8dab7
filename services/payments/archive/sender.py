"""Sends the changed positions to the archive, one call each, at pagoPA's pace.

A row is claimed for a while, its position read, one call made, and what pagoPA has then written down. Killed in between
it is free again when its lease is over: pagoPA is asked what it has, or told the same once more. Rows of one
position never overlap, for there is one row; ten changes before its turn are one call.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chassis.logs import get_logger
from chassis.storage.database import Database
from services.payments.archive import remote_view
from services.payments.archive.digest import digest_of
from services.payments.archive.gpd_client import GpdClient
from services.payments.archive.http import NO_ANSWER, Answer
from services.payments.archive.missing_receipts import want_receipt
from services.payments.archive.pace import Pace
from services.payments.domain.archive import Archivable, Call, Remote, Wish, next_call
from services.payments.domain.archive_problems import NUMBER_BURNT, NUMBER_TAKEN, Action, Problem, problem_of
from services.payments.metrics import ARCHIVE_CALLS
from services.payments.models import ArchivedNotice
from services.payments.repository import archive
from services.payments.repository.archive import Taken

log = get_logger(__name__)

_BATCH: Final = 32
# A batch is through long before the lease of its rows is over, calls without answer included.
_SOON: Final = timedelta(seconds=5)
_RETRY_START_S: Final = 1.0
_RETRY_MAX_S: Final = 900.0
_DOUBLINGS_MAX: Final = 10
# So often what pagoPA has is looked at and something else tried; then it is a human's turn.
_LOOKS_MAX: Final = 6
# So often without waiting: to learn what there is, and to put it right.
_LOOKS_AT_ONCE: Final = 3
_STOPPED: Final = timedelta(minutes=15)
_KEY_REFUSED_PAUSE_S: Final = 300.0
# What pagoPA has after a call that it took.
_AFTER: Final[Mapping[Call, Remote]] = {
    Call.CREATE: Remote.OPEN,
    Call.UPDATE: Remote.OPEN,
    Call.WITHDRAW: Remote.DRAFT,
    Call.INVALIDATE: Remote.INVALID,
    Call.CLOSE: Remote.PAID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One row on its way: what it is, and the call that is next."""

    row: ArchivedNotice
    found: Archivable
    call: Call
    digest: str | None
    now: datetime


class Sender:
    """Works off the changed rows."""

    def __init__(self, database: Database, client: GpdClient, pace: Pace, *, at_once: int) -> None:
        self._database = database
        self._client = client
        self._pace = pace
        self._closed_until: datetime | None = None
        self._pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="archive")

    def close(self) -> None:
        """Let the calls under way end."""
        self._pool.shutdown(wait=True)

    def send_batch(self, now: datetime) -> int:
        """Send some changed rows, the oldest change first; return how many were looked at.

        0 at rest, and while pagoPA wants no calls: rows are not held for longer than their lease.
        """
        if not self._pace.is_open(_SOON):
            return 0
        with self._database.transaction() as tx:
            rows = archive.claim(tx.session, now, _BATCH)
            found = archive.archivables(tx.session, rows)
        steps = [self._step(row, found.get(row.practice_id), now) for row in rows]
        to_call = [step for step in steps if step is not None]
        turns = self._pace.reserve(len(to_call)) if to_call else []
        list(self._pool.map(self._send, to_call, turns))
        return len(rows)

    def _step(self, row: ArchivedNotice, found: Archivable | None, now: datetime) -> _Step | None:
        """Decide what is next; None where nothing need be sent, which is written down."""
        if found is None:
            with self._database.transaction() as tx:
                archive.put_off(tx.session, row.practice_id, now + timedelta(seconds=_RETRY_MAX_S), counts=True)
            return None
        wish, remote = found.wish(now), Remote(row.remote)
        digest = digest_of(found.content(now)) if found.position.terms else None
        call = next_call(wish, remote, is_same=digest is not None and digest == row.sent_digest)
        if call is Call.BURNT:
            self._give_up(row, NUMBER_BURNT)
            return None
        if call is Call.NONE:
            known = Taken(
                practice_id=row.practice_id,
                version=row.version,
                remote=remote,
                digest=row.sent_digest,
                due_at=row.sent_due_at,
                amount_until=found.amount_until(now),
            )
            with self._database.transaction() as tx:
                archive.settle(tx.session, known)
            return None
        return _Step(row=row, found=found, call=call, digest=digest, now=now)

    def _send(self, step: _Step, turn: datetime) -> None:
        """Make the call of a step when its turn has come, and write down what became of it."""
        answer = None if self._is_closed(step.now) else self._pace.run(lambda: self._call(step), turn)
        if answer is None:
            with self._database.transaction() as tx:
                archive.put_off(tx.session, step.row.practice_id, step.now, counts=False)
            return
        ARCHIVE_CALLS.labels(step.call.value, str(answer.status)).inc()
        if answer.is_ok:
            self._done(step, answer)
        elif answer.status == NO_ANSWER and step.call is Call.CREATE:
            # It may have been taken.
            self._learn(step, Remote.UNKNOWN)
        else:
            self._refused(step, answer)

    def _is_closed(self, now: datetime) -> bool:
        """Return whether another call of this batch was told that no more is wanted."""
        return self._closed_until is not None and now < self._closed_until

    def _call(self, step: _Step) -> Answer:
        row, found = step.row, step.found
        creditor = str(row.creditor_fiscal_code)
        match step.call:
            case Call.CREATE:
                return self._client.create(creditor, found.body(step.now))
            case Call.UPDATE:
                return self._client.replace(creditor, found.body(step.now), publish=True)
            case Call.WITHDRAW:
                return self._client.replace(creditor, found.body(step.now), publish=False)
            case Call.INVALIDATE:
                return self._client.invalidate(creditor, row.iupd)
            case Call.CLOSE:
                return self._client.close(creditor, found.position.notice_number, row.last_change_at)
            case _:
                return self._client.look(creditor, row.iupd)

    def _done(self, step: _Step, answer: Answer) -> None:
        if step.call is Call.LOOK:
            self._looked(step, answer)
            return
        remote = _AFTER[step.call]
        with self._database.transaction() as tx:
            archive.settle(
                tx.session,
                Taken(
                    practice_id=step.row.practice_id,
                    version=step.row.version,
                    remote=remote,
                    digest=step.digest if remote is Remote.OPEN else None,
                    due_at=step.found.told_due_at(step.now) if remote is Remote.OPEN else step.row.sent_due_at,
                    amount_until=step.found.amount_until(step.now) if remote is Remote.OPEN else None,
                ),
            )

    def _looked(self, step: _Step, answer: Answer) -> None:
        """Write down what pagoPA has; a position there that is not the notice's is somebody else's."""
        seen = remote_view.read(answer.body)
        if seen is None or seen.notice_number != step.found.position.notice_number:
            self._give_up(step.row, NUMBER_TAKEN)
        elif seen.remote is Remote.OPEN and seen.says(step.found, step.now):
            with self._database.transaction() as tx:
                archive.settle(
                    tx.session,
                    Taken(
                        practice_id=step.row.practice_id,
                        version=step.row.version,
                        remote=Remote.OPEN,
                        digest=step.digest,
                        due_at=seen.due_at,
                        amount_until=step.found.amount_until(step.now),
                    ),
                )
        else:
            with self._database.transaction() as tx:
                want_receipt(tx, seen, step.found.position, step.now)
            self._learn(step, seen.remote)

    def _refused(self, step: _Step, answer: Answer) -> None:
        """Do what the table of problems says."""
        problem = problem_of(step.call, answer.status, answer.title)
        log.warning("archive_call_refused", call=step.call.value, status=answer.status, problem=problem.code)
        match problem.action:
            case Action.IS_ABSENT:
                self._absent(step)
            case Action.DONE:
                self._settle_as(step, Remote.PAID)
            case Action.LOOK if step.row.attempts < _LOOKS_MAX:
                self._learn(step, Remote.CLAIMED if step.call is Call.CREATE else Remote.UNKNOWN)
            case Action.LOOK:
                self._give_up(step.row, problem)
            case Action.GIVE_UP:
                self._give_up(step.row, problem)
            case Action.STOP_CREDITOR:
                self._put_off(step, counts=False)
                with self._database.transaction() as tx:
                    archive.stop_creditor(tx.session, step.row.creditor_fiscal_code, step.now + _STOPPED)
            case Action.STOP_ALL:
                self._put_off(step, counts=False)
                self._close_for(step, _KEY_REFUSED_PAUSE_S)
            case Action.SLOW_DOWN:
                self._put_off(step, counts=False)
                self._close_for(step, answer.retry_after_s or _doubled_s(step.row.attempts))
            case Action.RETRY:
                self._put_off(step, counts=True)

    def _close_for(self, step: _Step, seconds: float) -> None:
        self._pace.pause(seconds)
        self._closed_until = step.now + timedelta(seconds=seconds)

    def _absent(self, step: _Step) -> None:
        """React to 404: what cannot be found can be made, or need not be taken away."""
        if step.call is Call.LOOK and step.row.remote == Remote.CLAIMED and step.found.wish(step.now) is Wish.OPEN:
            # Creating said that it is there, looking that it is not: the number stands in somebody else's position.
            self._give_up(step.row, NUMBER_TAKEN)
        elif step.call in (Call.UPDATE, Call.LOOK, Call.WITHDRAW):
            self._learn(step, Remote.ABSENT)
        else:
            self._settle_as(step, Remote.ABSENT)

    def _settle_as(self, step: _Step, remote: Remote) -> None:
        known = Taken(
            practice_id=step.row.practice_id, version=step.row.version, remote=remote, digest=None, due_at=None
        )
        with self._database.transaction() as tx:
            archive.settle(tx.session, known)

    def _learn(self, step: _Step, remote: Remote) -> None:
        wait_s = 0.0 if step.row.attempts < _LOOKS_AT_ONCE else _doubled_s(step.row.attempts)
        with self._database.transaction() as tx:
            archive.learn(tx.session, step.row.practice_id, remote, step.now + timedelta(seconds=wait_s))

    def _put_off(self, step: _Step, *, counts: bool) -> None:
        until = step.now + timedelta(seconds=_doubled_s(step.row.attempts) if counts else 0)
        with self._database.transaction() as tx:
            archive.put_off(tx.session, step.row.practice_id, until, counts=counts)

    def _give_up(self, row: ArchivedNotice, problem: Problem) -> None:
        log.error("archive_position_refused", practice_id=str(row.practice_id), problem=problem.code)
        with self._database.transaction() as tx:
            archive.give_up(tx.session, row.practice_id, problem.code)


def _doubled_s(attempts: int) -> float:
    return min(_RETRY_START_S * 2.0 ** min(attempts, _DOUBLINGS_MAX), _RETRY_MAX_S)
