"""The archive of notices under load, against the stand-in with its published limits.

    python -m benchmarks.alone.archive changes [--positions 1000] [--changes 10] [--per-second 50]
    python -m benchmarks.alone.archive filling [--positions 1000000]

`changes`: so many positions are changed so often; told are the calls, those that were too fast, whether the archive is
equal at the end, and how long the newest state took at most. `filling`: so many positions are loaded for the first
time, by files. DATABASE_URL names the server. The hour of station down is
benchmarks/alone/stand_in.py.
"""

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import requests
import sqlalchemy as sa

from chassis import logs
from chassis.storage.database import Database
from chassis.storage.migrations import upgrade
from contracts.codes import AmountCents, NoticeNumber
from contracts.rpc import practices
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import Subject
from services.payments import models
from services.payments.archive.pace import Limit
from services.payments.usecases import positions
from tests.integration.payments.archive_world import CREDITOR, World, stand_in, transfer_of

_ACA = Limit(300, timedelta(seconds=10))
_CHUNK = 1_000
# As the events of practices come: several in a batch.
_TOLD_AT_ONCE = 10


def position(number: int, amount_cents: int, sequence: int, practice_id: UUID) -> practices.Position:
    """Return what practices tells of a practice."""
    notice = NoticeNumber.issue("01", number)
    amount = AmountCents(amount_cents)
    return practices.Position(
        practice_id=practice_id,
        sequence=sequence,
        creditor=CREDITOR,
        service_code="RETTA",
        origin="issued",
        notice_number=notice,
        iuv=notice.iuv,
        amount_cents=amount,
        description=f"Retta di frequenza {number}",
        debtor=Subject(entity_type="F", fiscal_code="RSSMRA80A01H501U", full_name=f"Mario Rossi {number}"),
        transfers=[transfer_of(amount)],
        due_date=date(2027, 6, 30),
        archive=ArchiveTerms(),
        created_at=datetime.now(UTC),
    )


def tell(world: World, told: list[practices.Position]) -> None:
    """Let payments learn positions."""
    positions.learn(world.database, practices.PositionReply(creditor=CREDITOR, positions=told), world.now())


@contextmanager
def working(world: World) -> Iterator[None]:
    """Send in the background, as the outbound process does."""
    sender, loader = world.sender(limit=_ACA), world.loader(rows_from=1_000)

    def run(work: str) -> None:
        while not world.stopping.is_set():
            busy = sender.send_batch(world.now()) if work == "single" else loader.work(world.now())
            if not busy:
                world.stopping.wait(0.2)

    threads = [threading.Thread(target=run, args=(work,)) for work in ("single", "single", "files")]
    for thread in threads:
        thread.start()
    yield
    world.stopping.set()
    for thread in threads:
        thread.join()


def changes(world: World, count: int, times: int, per_second: float) -> None:
    """Change positions again and again at a steady rate."""
    ids = [uuid4() for _ in range(count)]
    last_change_s = 0.0
    took_s: list[float] = []
    started = time.monotonic()
    with working(world):
        for change in range(times):
            for begin in range(0, count, _TOLD_AT_ONCE):
                numbers = range(begin + 1, min(begin + _TOLD_AT_ONCE, count) + 1)
                tell(world, [position(number, 1_000 + change, change + 1, ids[number - 1]) for number in numbers])
                last_change_s = time.monotonic()
                ahead_s = started + (change * count + numbers[-1]) / per_second - last_change_s
                took_s.append(oldest_s(world))
                if ahead_s > 0:
                    time.sleep(ahead_s)
        changed_s = time.monotonic() - started
        while left := oldest_s(world):
            took_s.append(left)
            time.sleep(0.2)
        settled_s = time.monotonic() - last_change_s
    amounts = {one["paymentOption"][0]["amount"] for one in world.remotes().values()}
    calls, too_fast = world.counts()
    files, files_too_fast = world.counts("bulk")
    print(f"changes               {count * times} in {changed_s:.0f} s ({count * times / changed_s:.0f} a second)")
    print(f"calls                 {calls}, and {files} for files; too fast {too_fast + files_too_fast}")
    print(f"most in one window    {calls / (changed_s + settled_s):.1f} a second on average, 30 allowed")
    print(f"archive               {len(world.remotes())} positions, amounts {sorted(amounts)}")
    print(
        f"newest state within   {settled_s:.1f} s of the last change; the oldest waited {max(took_s, default=0):.1f} s"
    )


def oldest_s(world: World) -> float:
    """Return how old the oldest change is that was not sent."""
    with world.database.reading() as session:
        oldest = session.scalar(sa.select(sa.func.min(models.ArchivedNotice.changed_at)))
    return (world.now() - oldest).total_seconds() if oldest else 0.0


def filling(world: World, count: int) -> None:
    """Load positions for the first time."""
    started = time.monotonic()
    for begin in range(0, count, _CHUNK):
        tell(world, [position(number, 1_000, 1, uuid4()) for number in range(begin + 1, begin + _CHUNK + 1)])
    learnt_s = time.monotonic() - started
    loader = world.loader(rows_from=1)
    started = time.monotonic()
    while loader.work(world.now()) or _under_way(world):
        time.sleep(0.1)
    with world.database.reading() as session:
        files = session.scalar(sa.select(sa.func.count()).select_from(models.ArchiveFile)) or 0
    loaded_s = time.monotonic() - started
    found = requests.get(f"{world.url}/sandbox/archive", timeout=600).json()["count"]
    calls, too_fast = world.counts("bulk")
    print(f"learnt                {count} positions in {learnt_s:.0f} s")
    print(f"loaded                {found} in {loaded_s:.0f} s by {files} files, {calls} calls, too fast {too_fast}")
    print(f"a million             {loaded_s / max(found, 1) * 1_000_000 / 60:.0f} minutes at this rate")


def _under_way(world: World) -> bool:
    with world.database.reading() as session:
        open_files = sa.select(models.ArchiveFile.id).where(models.ArchiveFile.state.in_(("made", "taken")))
        return session.scalar(open_files.limit(1)) is not None


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["changes", "filling"])
    arguments.add_argument("--positions", type=int)
    arguments.add_argument("--changes", type=int, default=10)
    arguments.add_argument("--per-second", type=float, default=50.0)
    given = arguments.parse_args()
    logs.configure("benchmark", "ERROR")
    url = sa.make_url(os.environ["DATABASE_URL"]).set(database="portal_benchmark_archive")
    upgrade("payments", url.render_as_string(hide_password=False))
    database = Database(url.render_as_string(hide_password=False), models, pool_size=12)
    folder = Path(tempfile.mkdtemp())
    try:
        with stand_in(folder) as address:
            world = World(database, address)
            world.empty()
            with database.transaction() as tx:
                tx.session.execute(sa.text("TRUNCATE positions"))
            if given.what == "changes":
                changes(world, given.positions or 1_000, given.changes, given.per_second)
            else:
                filling(world, given.positions or 1_000_000)
    finally:
        database.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
