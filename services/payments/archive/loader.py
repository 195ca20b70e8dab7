"""Loads many positions at once: the first filling, a yearly load, whatever is too much for single calls.

Rows go into a file, the file to pagoPA; its report says what became of each. What a report refuses is sent again one by
one, where the answer says why. Killed between the upload and the note of it, the rows are free again after a while, and
pagoPA answers that they are there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.logs import get_logger
from chassis.storage.database import Database
from services.payments.archive.bulk_client import BulkClient, file_id_of, results_of, wait_s_of
from services.payments.archive.bulk_file import BulkFile
from services.payments.archive.digest import digest_of
from services.payments.archive.http import Answer
from services.payments.archive.pace import Pace
from services.payments.archive.rests import REST_S, Rests, is_about_everybody
from services.payments.domain.archive import Archivable, Remote, Wish
from services.payments.metrics import ARCHIVE_CALLS
from services.payments.models import ArchiveFile
from services.payments.repository import archive, archive_files
from services.payments.repository.archive_files import InFile

log = get_logger(__name__)

_CHUNK: Final = 1_000
_FIRST_LOOK_S: Final = 1.0
_LOOK_MAX_S: Final = 60.0
_PAUSE_S: Final = 300.0
# After so long an upload of which nothing was noted has not happened, or its answer was lost.
_LOST_AFTER: Final = timedelta(minutes=10)
_OPERATIONS: Final[Mapping[str, tuple[Remote, ...]]] = {
    "create": (Remote.ABSENT,),
    "update": (Remote.OPEN, Remote.DRAFT, Remote.EXPIRED),
}


@dataclass(frozen=True, slots=True)
class LoaderLimits:
    """From how many rows on a file is made, and how many it holds at most."""

    rows_from: int
    rows_max: int


class Loader:
    """Makes files, hands them in, and reads their reports."""

    def __init__(self, database: Database, client: BulkClient, pace: Pace, limits: LoaderLimits) -> None:
        self._database = database
        self._client = client
        self._pace = pace
        self._limits = limits
        self._rests = Rests()

    def work(self, now: datetime) -> bool:
        """Look after files under way, then make one where there is enough for it; False where there was nothing."""
        return self.look(now) or self.load(now)

    def load(self, now: datetime) -> bool:
        """Make a file of what has changed of one creditor and hand it in; False where there is too little."""
        for operation, remotes in _OPERATIONS.items():
            with self._database.reading() as session:
                busy = archive_files.creditors_under_way(session)
                waiting = archive.bulk_backlog(session, remotes, busy, now)
            enough = [code for code, rows in waiting.items() if rows >= self._limits.rows_from]
            ready = [code for code in enough if self._rests.may_ask(code, now)]
            if ready and self._load(operation, ready[0], now):
                return True
        return False

    def look(self, now: datetime) -> bool:
        """Ask about a file under way; False where none is due."""
        with self._database.transaction() as tx:
            file = archive_files.due(tx.session, now, _LOST_AFTER)
        if file is None:
            return False
        if file.state == "made":
            if file.made_at <= now - _LOST_AFTER:
                self._lose(file, now)
            return True
        self._ask(file, now)
        return True

    def _load(self, operation: str, creditor: str, now: datetime) -> bool:
        """Make and hand in one file."""
        with self._database.transaction() as tx:
            ids = archive.claim_for_file(tx.session, creditor, _OPERATIONS[operation], now, self._limits.rows_max)
            file = archive_files.open_file(tx.session, creditor, operation, ids, now)
        if file is None:
            return False
        content, count = self._packed(file, ids, now)
        if not count:
            self._end(file, "done", now)
            return True
        answer = self._upload(file, content)
        if answer is None or not answer.is_ok or (file_id := file_id_of(answer)) is None:
            self._not_taken(file, answer, now)
            return True
        with self._database.transaction() as tx:
            archive_files.taken(
                tx.session, file.id, file_id, count, now + timedelta(seconds=wait_s_of(answer, _FIRST_LOOK_S))
            )
        log.info("archive_file_handed_in", operation=operation, positions=count, bytes=len(content))
        return True

    def _packed(self, file: ArchiveFile, ids: Sequence[UUID], now: datetime) -> tuple[bytes, int]:
        """Pack the positions that are to stand in the archive as a file; let go of the other rows."""
        count, packed = 0, BulkFile()
        with packed:
            for start in range(0, len(ids), _CHUNK):
                if packed.is_full:
                    break
                count += self._pack_chunk(packed, ids[start : start + _CHUNK], now)
        with self._database.transaction() as tx:
            archive_files.release_unpacked(tx.session, file.id)
        return packed.content, count

    def _pack_chunk(self, packed: BulkFile, ids: Sequence[UUID], now: datetime) -> int:
        with self._database.transaction() as tx:
            rows = archive_files.rows(tx.session, ids)
            found = archive.archivables(tx.session, rows)
            ready: list[InFile] = []
            at_rest: list[InFile] = []
            for row in rows:
                one = found.get(row.practice_id)
                if one is None or one.wish(now) is not Wish.OPEN:
                    continue
                digest = digest_of(one.content(now))
                if row.remote == Remote.OPEN and digest == row.sent_digest:
                    at_rest.append(_in_file(one, row.version, digest, now))
                    continue
                packed.add(one.body(now))
                ready.append(_in_file(one, row.version, digest, now))
            archive_files.note_packed(tx.session, ready)
            archive_files.settle_unchanged(tx.session, at_rest)
        return len(ready)

    def _upload(self, file: ArchiveFile, content: bytes) -> Answer | None:
        broker, creditor = file.broker_fiscal_code, file.creditor_fiscal_code
        return self._call(
            f"bulk_{file.operation}", lambda: self._client.upload(broker, creditor, file.operation, content)
        )

    def _call(self, name: str, call: Callable[[], Answer]) -> Answer | None:
        """Make a call when it is its turn, and count it."""
        answer = self._pace.run(call)
        if answer is not None:
            ARCHIVE_CALLS.labels(name, str(answer.status)).inc()
        return answer

    def _not_taken(self, file: ArchiveFile, answer: Answer | None, now: datetime) -> None:
        """Let the rows of a file go that pagoPA has not taken, and wait where it says so."""
        status = answer.status if answer else None
        log.warning("archive_file_not_taken", operation=file.operation, status=status)
        self._end(file, "lost", now)
        if answer is None:
            return
        if answer.is_ok or not is_about_everybody(answer.status):
            self._rests.let_rest(file.creditor_fiscal_code, now, answer.retry_after_s or REST_S)
        else:
            self._pace.pause(answer.retry_after_s or (_FIRST_LOOK_S if answer.status == 429 else _PAUSE_S))

    def _ask(self, file: ArchiveFile, now: datetime) -> None:
        """Ask how far a file is; when it is through, read its report."""
        broker, creditor, file_id = file.broker_fiscal_code, file.creditor_fiscal_code, str(file.file_id)
        answer = self._call("bulk_status", lambda: self._client.status(broker, creditor, file_id))
        if answer is None:
            return
        if answer.status == 404:
            self._lose(file, now)
            return
        if not answer.is_ok or answer.body.get("operationStatus") == "IN_PROGRESS":
            self._ask_later(file, answer, now)
            return
        report = self._call("bulk_report", lambda: self._client.report(broker, creditor, file_id))
        if report is None:
            return
        if report.is_ok:
            self._read(file, results_of(report.body), now)
        else:
            self._ask_later(file, report, now)

    def _ask_later(self, file: ArchiveFile, answer: Answer, now: datetime) -> None:
        age_s = (now - file.made_at).total_seconds()
        wait_s = answer.retry_after_s or min(_LOOK_MAX_S, max(_FIRST_LOOK_S, age_s / 10))
        with self._database.transaction() as tx:
            archive_files.look_again_at(tx.session, file.id, now + timedelta(seconds=wait_s))

    def _read(self, file: ArchiveFile, results: Mapping[str, int], now: datetime) -> None:
        """Write down what became of each position of a file."""
        with self._database.transaction() as tx:
            refused = archive_files.settle_results(tx.session, file, results, now)
            archive_files.end(tx.session, file.id, "done", refused, now)
        log.info("archive_file_done", operation=file.operation, positions=len(results), refused=refused)

    def _lose(self, file: ArchiveFile, now: datetime) -> None:
        log.warning("archive_file_lost", operation=file.operation, positions=file.positions)
        self._end(file, "lost", now)

    def _end(self, file: ArchiveFile, state: str, now: datetime) -> None:
        with self._database.transaction() as tx:
            archive_files.release(tx.session, file.id, now)
            archive_files.end(tx.session, file.id, state, 0, now)


def _in_file(one: Archivable, version: int, digest: str, now: datetime) -> InFile:
    return InFile(
        practice_id=one.position.practice_id,
        version=version,
        digest=digest,
        due_at=one.told_due_at(now),
        amount_until=one.amount_until(now),
    )
