"""Compares what we have sent with the archive's own list, and lets what differs be sent again.

Window by window of due dates, page by page, one call each time it is asked to work: between two pages positions are
sent as always. Where it is stands in the database, so a restart goes on there.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from chassis.logs import get_logger
from chassis.storage.database import Database, Tx
from services.payments.archive import remote_view
from services.payments.archive.digest import digest_of
from services.payments.archive.gpd_client import PAGE_ROWS, GpdClient
from services.payments.archive.missing_receipts import want_receipt
from services.payments.archive.pace import Pace
from services.payments.archive.remote_view import SeenPosition
from services.payments.archive.rests import Rests, is_about_everybody
from services.payments.domain.archive import Archivable, Remote, Wish
from services.payments.metrics import ARCHIVE_CALLS, ARCHIVE_DIVERGED
from services.payments.models import ArchiveCreditor, ArchivedNotice
from services.payments.repository import archive, archive_comparisons

log = get_logger(__name__)

# pagoPA lists thirty days at once.
_WINDOW: Final = timedelta(days=29)
_AGAIN_S: Final = 60.0
_STANDS: Final[dict[Wish, tuple[Remote, ...]]] = {
    Wish.OPEN: (Remote.OPEN, Remote.PAID),
    Wish.AWAY: (Remote.ABSENT, Remote.DRAFT, Remote.INVALID, Remote.PAID, Remote.EXPIRED),
    Wish.ENDED: (Remote.ABSENT, Remote.DRAFT, Remote.INVALID, Remote.PAID, Remote.EXPIRED),
    Wish.CLOSED: (Remote.ABSENT, Remote.PAID, Remote.INVALID),
    Wish.LEFT: tuple(Remote),
}


class Comparison:
    """Works through the list of each creditor, once in `every`."""

    def __init__(self, database: Database, client: GpdClient, pace: Pace, every: timedelta) -> None:
        self._database = database
        self._client = client
        self._pace = pace
        self._every = every
        self._rests = Rests()

    def work(self, now: datetime) -> bool:
        """List and compare the next page of whoever is due; False where nobody is."""
        with self._database.reading() as session:
            creditors = archive.creditors(session)
        awake = [creditor for creditor in creditors if self._rests.may_ask(creditor, now)]
        return any(self._work_for(creditor, now) for creditor in awake)

    def _work_for(self, creditor: str, now: datetime) -> bool:
        with self._database.transaction() as tx:
            row = archive_comparisons.place(tx.session, creditor)
            if row is None or (row.stopped_until is not None and row.stopped_until > now):
                return False
            if row.window_from is None and not self._begin(tx, row, now):
                return False
            window_from, page, since = row.window_from, row.page, row.window_since
        if window_from is None or since is None:
            return False
        first: date = window_from
        answer = self._pace.run(lambda: self._client.listed(creditor, first, first + _WINDOW, page))
        if answer is None:
            return False
        ARCHIVE_CALLS.labels("list", str(answer.status)).inc()
        if not answer.is_ok:
            log.warning("archive_list_refused", creditor=creditor, status=answer.status, title=answer.title)
            if is_about_everybody(answer.status):
                self._pace.pause(answer.retry_after_s or _AGAIN_S)
            else:
                self._rests.let_rest(creditor, now)
            return True
        page_read = remote_view.listed(answer.body)
        if page_read is None:
            log.warning("archive_list_unread", creditor=creditor, page=page)
            self._rests.let_rest(creditor, now)
            return True
        listed, pages = page_read
        with self._database.transaction() as tx:
            self._compare_page(tx, creditor, listed, now)
            row = archive_comparisons.place(tx.session, creditor)
            if row is not None:
                self._turn_page(tx, row, has_more=page + 1 < pages and len(listed) == PAGE_ROWS, now=now)
        return True

    def _begin(self, tx: Tx, row: ArchiveCreditor, now: datetime) -> bool:
        """Begin with the first window; False where it is not time, or nothing was ever sent."""
        if row.compared_at is not None and row.compared_at + self._every > now:
            return False
        days = archive_comparisons.due_days(tx.session, row.fiscal_code)
        if not days:
            row.compared_at = now
            return False
        row.window_from, row.window_since, row.page = days[0], now, 0
        return True

    def _turn_page(self, tx: Tx, row: ArchiveCreditor, *, has_more: bool, now: datetime) -> None:
        """Go on to the next page, to the next window with something in it, or end."""
        if has_more:
            row.page += 1
            return
        first, since = row.window_from, row.window_since
        if first is None or since is None:
            return
        lost = archive_comparisons.missing(
            tx.session, row.fiscal_code, _midnight(first), _midnight(first + _WINDOW + timedelta(days=1)), since
        )
        archive_comparisons.diverge(tx.session, row.fiscal_code, lost, now)
        ARCHIVE_DIVERGED.labels("missing").inc(len(lost))
        later = [day for day in archive_comparisons.due_days(tx.session, row.fiscal_code) if day > first + _WINDOW]
        row.page, row.window_since = 0, now
        row.window_from = later[0] if later else None
        if not later:
            row.compared_at = now
            log.info("archive_compared")

    def _compare_page(self, tx: Tx, creditor: str, listed: Sequence[Any], now: datetime) -> None:
        read = [(position, remote_view.read(one)) for position, one in enumerate(listed, 1)]
        seen = [one for _, one in read if one is not None]
        if unread := [position for position, one in read if one is None]:
            log.warning("archive_entries_unread", creditor=creditor, entries=unread)
        rows = archive.by_iupds(tx.session, creditor, {one.iupd for one in seen})
        found = archive.archivables(tx.session, rows.values())
        archive_comparisons.note_seen(tx.session, creditor, list(rows), now)
        other: dict[str, Remote] = {}
        for one in seen:
            row = rows.get(one.iupd)
            ours = found.get(row.practice_id) if row else None
            if row is None:
                _stranger(one, creditor)
            elif ours is not None and row.changed_at is None and not _is_right(one, row, ours, now):
                other[one.iupd] = one.remote
                ARCHIVE_DIVERGED.labels("other").inc()
            if ours is not None:
                want_receipt(tx, one, ours.position, now)
        archive_comparisons.diverge(tx.session, creditor, other, now)


def _is_right(seen: SeenPosition, row: ArchivedNotice, ours: Archivable, now: datetime) -> bool:
    """Return whether pagoPA has of a position what we want it to have."""
    wish = ours.wish(now)
    if seen.remote not in _STANDS[wish]:
        return False
    if wish is not Wish.OPEN or seen.remote is Remote.PAID:
        return True
    return seen.says(ours, now) and row.sent_digest == digest_of(ours.content(now))


def _stranger(seen: SeenPosition, creditor: str) -> None:
    """Report a position that looks like ours and is not: nothing is taken away that we have not put there."""
    if seen.iupd.startswith(f"{creditor}-") and seen.remote is Remote.OPEN:
        ARCHIVE_DIVERGED.labels("unknown").inc()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)
