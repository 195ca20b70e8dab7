"""A reply of 20 practices from the service's values to the gateway's, both ends, against orjson on bare dicts.

Processor time of one process. The baseline writes and reads the same bytes without any type. The other lines are what
was measured and not taken: marshmallow at both ends (release 0.1), msgspec writing, cattrs over orjson; and replies
of 5 to 200 rows.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
import orjson

from benchmarks.harness import program
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import here, taken
from chassis.messaging.rpc_client import read_reply
from chassis.runtime.rpc_handler import success
from contracts.codes import AmountCents, Iuv, NoticeNumber
from contracts.rpc import practices
from contracts.shapes import LocalisedText, Subject

ROWS: Final = 20
OTHER_ROWS: Final = (5, 50, 100, 200)
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


def reply_of(rows: int) -> practices.PracticeList:
    """Return a reply of so many rows."""
    return practices.PracticeList(practices=[practice(index) for index in range(rows)])


def ours_of(reply: practices.PracticeList) -> Callable[[], object]:
    """Return our way there and back."""
    return lambda: read_reply(practices.LIST, success(reply))


def trips(reply: practices.PracticeList) -> Mapping[str, Callable[[], object]]:
    """Return each way there and back."""
    schema = practices.LIST.reply
    bare = orjson.loads(success(reply))

    def marshmallow() -> object:
        return schema.load(orjson.loads(orjson.dumps(schema.dump(reply))))

    def untyped() -> object:
        return orjson.loads(orjson.dumps(bare))

    def msgspec_both_ends() -> object:
        return read_reply(practices.LIST, msgspec.json.encode({"result": reply}, enc_hook=_plain))

    found = {"ours": ours_of(reply), "orjson on bare dicts": untyped, "msgspec writes too": msgspec_both_ends}
    return {**found, "marshmallow (0.1)": marshmallow, **_cattrs(reply)}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else str.__str__(value)


def _cattrs(reply: practices.PracticeList) -> Mapping[str, Callable[[], object]]:
    """Return the way of cattrs, where it is installed: the product does not need it."""
    try:
        from cattrs.preconf.orjson import make_converter  # type: ignore[import-not-found]  # noqa: PLC0415 -- only measured
    except ImportError:
        return {}
    converter = make_converter()
    for kind in NoticeNumber, Iuv, AmountCents, UUID:
        converter.register_structure_hook(kind, lambda value, made: made(value))
    return {"cattrs over orjson": lambda: converter.loads(converter.dumps(reply), practices.PracticeList)}


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    works = {**trips(reply_of(ROWS)), **{f"{rows} rows": ours_of(reply_of(rows)) for rows in OTHER_ROWS}}
    sides = taken({name: partial(here, work, repeats=_REPEATS) for name, work in works.items()}, rounds)
    ours, baseline = sides.pop("ours"), sides.pop("orjson on bare dicts")
    figures = compared(ours, baseline, "reply", ratio=0.25, processor_ms=0.4, by_processor=True)
    return [*figures, *(Figure(name=name, value=side.processor_ms, unit="ms/reply") for name, side in sides.items())]


if __name__ == "__main__":
    program.main(measure, rounds=9)
