"""What a message writes of a field that has no value."""

from dataclasses import dataclass
from typing import ClassVar

from contracts.message import Message, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Message):
    """Writes every field."""

    number: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse(Message):
    """Leaves out what is None."""

    absent_is_left_out: ClassVar[bool] = True
    number: int
    note: str | None = None


def test_a_field_without_value_is_null() -> None:
    assert schema_of(Whole).dump(Whole(number=0)) == {"number": 0, "note": None}


def test_a_field_without_value_is_left_out_where_the_message_says_so() -> None:
    assert schema_of(Sparse).dump(Sparse(number=0)) == {"number": 0}
    assert schema_of(Sparse).dump(Sparse(number=1, note="")) == {"number": 1, "note": ""}
