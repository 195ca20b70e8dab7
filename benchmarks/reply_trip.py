"""What a reply of 20 practices costs from the service's values to the gateway's, both ends together.

    python benchmarks/reply_trip.py [--rows 20] [--rounds 15]

Processor time of one process, so that other work on the machine does not count. The baseline is orjson on bare dicts:
the same bytes written and read without any type. The other lines are what was measured and not taken: marshmallow at
both ends (release 0.1), msgspec writing, cattrs over orjson. Rounds alternate; medians.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent))

import msgspec
import orjson

from chassis.messaging.rpc_client import read_reply
from chassis.runtime.rpc_handler import success
from contracts.codes import AmountCents, NoticeNumber
from contracts.rpc import practices
from contracts.shapes import LocalisedText, Subject

GOAL_MS: Final = 0.4
_REPEATS: Final = 50
_NOW: Final = datetime(2026, 11, 2, 9, 20, tzinfo=UTC)


def practice(index: int) -> practices.Practice:
    """Return a practice as the list shows it."""
    number = NoticeNumber.issue("01", index)
    title = LocalisedText(it="Contribuzione studentesca", en="Student contribution")
    return practices.Practice(
        id=UUID(int=index),
        entity_code="PM108",
        creditor_name="Conservatorio di Musica",
        service_code="CONTRIB-IT",
        service_title=title,
        origin="issued",
        external_id=f"2026-{index}",
        debtor=Subject(entity_type="F", fiscal_code="RSSMRA80A01H501U", full_name="Mario Rossi"),
        description="Contributo onnicomprensivo - Rossi Mario - Pianoforte",
        amount_cents=AmountCents(2500 + index),
        notice_number=number,
        iuv=number.iuv,
        due_date=date(2026, 12, 31),
        state="to_pay",
        state_since=_NOW,
        overdue=False,
        payable=True,
        created_at=_NOW,
    )


def trips(reply: practices.PracticeList) -> Mapping[str, Callable[[], object]]:
    """Return each way there and back."""
    schema = practices.LIST.reply
    bare = orjson.loads(success(reply))

    def ours() -> object:
        return read_reply(practices.LIST, success(reply))

    def marshmallow() -> object:
        return schema.load(orjson.loads(orjson.dumps(schema.dump(reply))))

    def untyped() -> object:
        return orjson.loads(orjson.dumps(bare))

    def msgspec_both_ends() -> object:
        return read_reply(practices.LIST, msgspec.json.encode({"result": reply}, enc_hook=_plain))

    found = {"ours": ours, "orjson on bare dicts": untyped, "msgspec writes too": msgspec_both_ends}
    return {**found, "marshmallow (0.1)": marshmallow, **_cattrs(reply)}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else str.__str__(value)


def _cattrs(reply: practices.PracticeList) -> Mapping[str, Callable[[], object]]:
    """Return the way of cattrs, where it is installed: the product does not need it."""
    try:
        from cattrs.preconf.orjson import make_converter  # noqa: PLC0415 -- only measured
    except ImportError:
        return {}
    converter = make_converter()
    for kind in practices.NoticeNumber, practices.Iuv, AmountCents, UUID:
        converter.register_structure_hook(kind, lambda value, made: made(value))
    return {"cattrs over orjson": lambda: converter.loads(converter.dumps(reply), practices.PracticeList)}


def cost_ms(work: Callable[[], object]) -> float:
    """Return the processor time of one trip in milliseconds."""
    started = time.process_time()
    for _ in range(_REPEATS):
        work()
    return (time.process_time() - started) / _REPEATS * 1_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    ways = trips(practices.PracticeList(practices=[practice(index) for index in range(options.rows)]))
    rounds = [{name: cost_ms(work) for name, work in ways.items()} for _ in range(options.rounds)]
    medians = {name: statistics.median(one[name] for one in rounds) for name in ways}
    baseline_ms = medians["orjson on bare dicts"]
    for name, median_ms in medians.items():
        print(f"{name:22} {median_ms:7.3f} ms   {median_ms / baseline_ms:6.1f} times the baseline")
    print(f"goal for 20 rows: {GOAL_MS} ms, {'met' if medians['ours'] <= GOAL_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
