"""The rounds in which a projection is proven, one process of the service at a time.

A round looks at everything that the source's events were lately about, and goes on with a sweep through all that ever
was: SWEPT_ROWS of it, and on to the end as long as SWEEP_S are not over. What differs is asked about
a second time a while later. Only what is then as it was before, and not under way, is a divergence: it is counted, told
again by its owner, and looked at once more.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from chassis import logs
from chassis.metrics import PARITY_CHECKED_AGE_SECONDS, PARITY_DIVERGENCES, PARITY_UNREPAIRED
from chassis.parity.comparison import Difference, Own, Source, changed_keys, compare_keys, compare_span, parts_of
from chassis.settings import DEFAULT_PARITY_EVERY_S
from chassis.storage import outbox, parity_rounds
from chassis.storage.database import Database
from chassis.storage.parity_rounds import Round
from contracts.errors import Unavailable
from contracts.rpc.parity import BucketsRequest

log = logs.get_logger(__name__)

SETTLE_S: Final = 30.0
"""What differs is asked about again after so long."""
GRACE_S: Final = 60
"""An event that was relayed no longer ago may be under way, and what was created since is not looked at."""
PATIENCE_S: Final = 900
"""The same while events wait in the projection's queues."""
SWEPT_ROWS: Final = 50_000
"""So many rows a round looks at, however long that takes."""
SWEEP_S: Final = 15.0
"""For so long a round goes on to look: a twentieth of the time until the next."""
FOUND_MAX: Final = 2_000
"""With so many differences a round is broken off: the next one begins as soon as they are repaired."""
_EVENTS_DAYS: Final = outbox.KEPT_DAYS - 10
_FIRST_AFTER_S: Final = 60.0
_CHANGED_PAGES_MAX: Final = 100
# An event is written with the time at which its transaction began.
_OVERLAP: Final = timedelta(minutes=2)
_WINDOW: Final = timedelta(days=31)
_DAY: Final = timedelta(days=1)
_ROWS_AT_ONCE: Final = 50_000
_SPARSE_ROWS: Final = 10_000
_REPAIRED_AT_ONCE: Final = 100
_LOGGED: Final = 5

Repair = Callable[[Sequence[UUID]], None]


@dataclass(frozen=True)
class Pace:
    """How often and how patiently; a test is less so."""

    every_s: float = DEFAULT_PARITY_EVERY_S
    settle_s: float = SETTLE_S
    grace_s: int = GRACE_S
    patience_s: int = PATIENCE_S
    swept_rows: int = SWEPT_ROWS
    sweep_s: float = SWEEP_S
    found_max: int = FOUND_MAX


@dataclass(frozen=True)
class Sides:
    """What is compared, and how what differs is repaired: `repair` has the owner tell of these keys again."""

    own: Own
    source: Source
    repair: Repair


@dataclass(frozen=True)
class _Asked:
    """What a round found at its first asking."""

    began_at: datetime
    events_since: datetime
    differences: Sequence[Difference]
    reached: Round
    broken_off: bool


class Rounds:
    """The rounds of one projection in this process. `is_behind` says whether events wait in its queues."""

    def __init__(self, projection: str, pace: Pace, *, is_behind: Callable[[], bool]) -> None:
        self.projection = projection
        self._pace = pace
        self._is_behind = is_behind
        self._asked: _Asked | None = None
        self._ask_again_at_s = 0.0

    def look(self, database: Database, sides: Sides, now: datetime) -> None:
        """Do what is due now, the first or the second half of a round, if anything is. Raises RpcError.

        `now` is the database's time. A round that breaks off is begun anew when the next one is due.
        """
        if not self._pace.every_s:
            return
        try:
            if self._asked is None:
                self._begin(database, sides, now)
            elif monotonic() >= self._ask_again_at_s:
                asked, self._asked = self._asked, None
                self._end(database, sides, asked)
        finally:
            self._measure(database)

    def _begin(self, database: Database, sides: Sides, now: datetime) -> None:
        every = timedelta(seconds=self._pace.every_s)
        first_at = now + timedelta(seconds=min(_FIRST_AFTER_S, self._pace.every_s))
        with database.transaction() as tx:
            model = tx.models.ParityRound
            claimed = parity_rounds.claim(tx.session, model, self.projection, first_at=first_at, every=every)
        if claimed is None:
            return
        asked = self._first_asking(sides, claimed, now)
        if asked is None:
            return
        if not asked.differences:
            self._finish(database, asked)
            return
        self._asked, self._ask_again_at_s = asked, monotonic() + self._pace.settle_s

    def _first_asking(self, sides: Sides, claimed: Round, now: datetime) -> _Asked | None:
        """Return what differs; None where the two do not hash the same."""
        until = now - timedelta(seconds=self._pace.grace_s)
        events_since = now - timedelta(days=_EVENTS_DAYS)
        nothing = BucketsRequest(since=until, until=until, events_since=events_since)
        own, source = sides.own.buckets(nothing), sides.source.buckets(nothing)
        if own.form != source.form:
            log.warning("parity_forms_differ", projection=self.projection, own=own.form, source=source.form)
            return None
        changed_since = claimed.changed_until or until - timedelta(seconds=self._pace.every_s)
        changed, changed_until = changed_keys(sides.source, changed_since - _OVERLAP, until, _CHANGED_PAGES_MAX)
        oldest = min((moment for moment in (own.oldest, source.oldest) if moment is not None), default=until)
        begin = claimed.swept_until or oldest
        swept, swept_until, broken_off = self._sweep(sides, begin, until, events_since)
        # By key: to a sweep, a practice that the two have under different entities or days is two differences.
        keys = list(dict.fromkeys([*changed, *(one.key for one in swept)]))
        differences, _ = compare_keys(sides.own, sides.source, keys, events_since)
        reached = Round(changed_until, swept_until if swept_until < until else None)
        return _Asked(now, events_since, differences, reached, broken_off)

    def _sweep(
        self, sides: Sides, begin: datetime, until: datetime, events_since: datetime
    ) -> tuple[list[Difference], datetime, bool]:
        """Go on through what was created from `begin` on.

        Return what differs, how far it came, and whether it was broken off.
        """
        found: list[Difference] = []
        swept, window, ends_at_s = 0, _WINDOW, monotonic() + self._pace.sweep_s
        while begin < until and (swept < self._pace.swept_rows or monotonic() < ends_at_s):
            end = min(begin + window, until)
            rows = sides.own.rows(begin, end)
            if rows > _ROWS_AT_ONCE and window > _DAY:
                window = max(window / 2, _DAY)
                continue
            span = BucketsRequest(since=begin, until=end, events_since=events_since)
            for part in parts_of(span, rows, _ROWS_AT_ONCE):
                compared = compare_span(sides.own, sides.source, part, self._pace.found_max - len(found))
                found += compared.differences
                if not compared.whole:
                    return found, begin, True
            begin, swept = end, swept + rows
            if rows < _SPARSE_ROWS:
                window *= 2
        return found, begin, False

    def _end(self, database: Database, sides: Sides, asked: _Asked) -> None:
        """Ask a second time, repair what is still as it was, and look whether that helped."""
        keys = [one.key for one in asked.differences]
        under_way_s = self._pace.patience_s if self._is_behind() else self._pace.grace_s
        again, under_way = compare_keys(sides.own, sides.source, keys, asked.events_since, under_way_s)
        diverged = [one for one in set(again) & set(asked.differences) if one.key not in under_way]
        if diverged:
            self._count(PARITY_DIVERGENCES, "parity_diverged", diverged)
            self._repair(sides.repair, [one.key for one in diverged])
            left, under_way = compare_keys(
                sides.own, sides.source, [one.key for one in diverged], asked.events_since, self._pace.grace_s
            )
            unrepaired = [one for one in set(left) & set(diverged) if one.key not in under_way]
            if unrepaired:
                self._count(PARITY_UNREPAIRED, "parity_not_repaired", unrepaired)
        self._finish(database, asked)

    def _repair(self, repair: Repair, keys: Sequence[UUID]) -> None:
        for first in range(0, len(keys), _REPAIRED_AT_ONCE):
            try:
                repair(keys[first : first + _REPAIRED_AT_ONCE])
            except Unavailable:
                raise
            except Exception:
                log.exception("parity_repair_failed", projection=self.projection)

    def _count(self, counter: Any, event: str, differences: Sequence[Difference]) -> None:
        for entity_code, number in Counter(one.entity_code for one in differences).items():
            counter.labels(self.projection, entity_code).inc(number)
        some = sorted(str(one.key) for one in differences)[:_LOGGED]
        log.warning(event, projection=self.projection, differences=len(differences), some=some)

    def _finish(self, database: Database, asked: _Asked) -> None:
        with database.transaction() as tx:
            parity_rounds.finish(
                tx.session,
                tx.models.ParityRound,
                self.projection,
                checked_at=asked.began_at,
                reached=asked.reached,
                again_at_once=asked.broken_off,
            )

    def _measure(self, database: Database) -> None:
        with database.reading() as session:
            age_s = parity_rounds.age_s(session, database.models.ParityRound, self.projection)
        if age_s is not None:
            PARITY_CHECKED_AGE_SECONDS.labels(self.projection).set(age_s)
