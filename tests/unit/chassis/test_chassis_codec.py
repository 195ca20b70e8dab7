"""The compiled reader and writer: as strict as a definition says, as lenient as a rolling upgrade needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated
from uuid import UUID

import orjson
import pytest
from marshmallow.validate import Length, Range

from chassis.messaging import codec
from contracts.codes import AmountCents, NoticeNumber
from contracts.errors import Refused
from contracts.message import Message, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Message):
    known: Annotated[int, Range(min=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer(Message):
    inner: Inner
    rows: Sequence[Inner] = field(default_factory=list)
    named: Mapping[str, str] | None = None
    word: Annotated[str, Length(max=3)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Message):
    id: UUID
    at: datetime
    on: date
    amount_cents: AmountCents
    notice_number: NoticeNumber


VALUES = Values(
    id=UUID(int=1),
    at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    on=date(2026, 3, 29),
    amount_cents=AmountCents(1600),
    notice_number=NoticeNumber("301000000000004285"),
)


def test_every_kind_of_value_comes_back_as_what_it_was():
    read = codec.read(codec.write(VALUES), Values)
    assert read == VALUES
    assert [type(getattr(read, name)) for name in ("amount_cents", "notice_number")] == [AmountCents, NoticeNumber]


def test_the_compiled_writer_says_what_marshmallow_says():
    assert orjson.loads(codec.write(VALUES)) == schema_of(Values).dump(VALUES)


def test_fields_of_a_newer_writer_are_left_out_at_every_depth():
    newer = {"known": 1, "added": 2}
    read = codec.convert({"inner": newer, "rows": [newer], "named": {"a": "b"}, "added": 3}, Outer)
    assert read == Outer(inner=Inner(known=1), rows=[Inner(known=1)], named={"a": "b"})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "inner"),
        ({"inner": {"known": "many"}}, "inner"),
        ({"inner": {"known": 1}, "rows": [{"known": 0}]}, "rows"),
        ({"inner": {"known": 1}, "word": "long"}, "word"),
        ([], "_schema"),
    ],
)
def test_a_request_that_breaks_its_definition_is_refused_by_field(values, field):
    with pytest.raises(Refused) as refused:
        codec.admitted(codec.write(values), Outer)
    assert list(refused.value.params["fields"]) == [field]


def test_a_code_that_is_none_makes_a_message_unreadable():
    body = codec.to_json(VALUES) | {"notice_number": "12"}
    with pytest.raises(codec.Unreadable):
        codec.convert(body, Values)


@pytest.mark.parametrize(
    "wrong",
    [
        Inner(known="many"),  # type: ignore[arg-type]  # -- what the test is about
        Inner(known=0),
        Outer(inner=Inner(known=0)),
        Outer(inner=Inner(known=1), word="long"),
    ],
)
def test_a_producer_that_breaks_its_contract_is_told(wrong):
    with pytest.raises(codec.BrokenContract):
        codec.checked(wrong)


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=1))])
def test_a_time_leaves_in_utc_or_not_at_all(zone):
    with pytest.raises((codec.BrokenContract, ValueError)):
        codec.checked(
            Values(
                id=VALUES.id,
                at=datetime(2026, 3, 29, 1, 30, tzinfo=zone),
                on=VALUES.on,
                amount_cents=VALUES.amount_cents,
                notice_number=VALUES.notice_number,
            )
        )
