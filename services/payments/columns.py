"""Column types: what is stored as text, a number or JSON is handed over as the contracts' types."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from chassis.messaging import codec
from contracts.codes import AmountCents

T = TypeVar("T")


class Code(TypeDecorator[T], Generic[T]):
    """Text of which `construct` makes a value object, a str itself."""

    impl = Text
    cache_ok = True

    def __init__(self, construct: Callable[[str], T]) -> None:
        super().__init__()
        self.construct = construct

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        """Make the value object."""
        del dialect
        return None if value is None else self.construct(value)


class Cents(TypeDecorator[AmountCents]):
    """An amount that pagoPA can carry, in cents."""

    impl = BigInteger
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> AmountCents | None:
        """Make the amount."""
        del dialect
        return None if value is None else AmountCents(value)


class Json(TypeDecorator[T], Generic[T]):
    """A message, or a tuple of messages, as JSONB. What is None is left out and read as None again."""

    impl = JSONB
    cache_ok = True

    def __init__(self, message_type: type[T]) -> None:
        super().__init__(none_as_null=True)
        self.message_type = message_type

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        """Return JSON values."""
        del dialect
        return None if value is None else _without_none(orjson.loads(codec.write(value)))

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        """Make the message. Raises codec.Unreadable for JSON of another shape."""
        del dialect
        return None if value is None else codec.convert(value, self.message_type)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value
