"""What each message of the contracts looks like in full: kinds, nesting, nulls and validators, written as text.

`frozen/messages.json` holds it as it was promised. To add what is new (it changes and takes out nothing):

    ./portal generate
"""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from marshmallow import fields

from contracts.message import Message, schema_of

CONTRACTS: Final = Path(__file__).parents[2] / "contracts"
FILE: Final = Path(__file__).parent / "frozen" / "messages.json"
Shape = dict[str, str]


def message_types() -> list[type[Message]]:
    """Return every message the contracts define, by module and name."""
    modules = [
        import_module(".".join(path.relative_to(CONTRACTS.parent).with_suffix("").parts))
        for path in sorted(CONTRACTS.rglob("*.py"))
        if path.stem != "__init__"
    ]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Message) and value.__module__ == module.__name__
    }
    return sorted(found - {Message}, key=lambda one: (one.__module__, one.__name__))


def name_of(message_type: type[Message]) -> str:
    """Return under which name a message is frozen."""
    return f"{message_type.__module__.removeprefix('contracts.')}.{message_type.__name__}"


def shape_of(message_type: type[Message]) -> Shape:
    """Return what is read and written of each field, as text."""
    return {name: _written(field) for name, field in sorted(schema_of(message_type).fields.items())}


def is_required(field: str) -> bool:
    """Return whether a field written as text has to be sent."""
    return " required" in field


def frozen() -> Mapping[str, Shape]:
    """Return the promised shapes."""
    promised: dict[str, Shape] = json.loads(FILE.read_text())
    return promised


def freeze() -> None:
    """Write down what is not yet promised, one message a line."""
    promised = frozen() if FILE.exists() else {}
    now = {name_of(one): shape_of(one) for one in message_types()}
    together = {name: {**now.get(name, {}), **promised.get(name, {})} for name in sorted({*promised, *now})}
    lines = [f"{json.dumps(name)}: {json.dumps(shape, ensure_ascii=False)}" for name, shape in together.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _written(field: Any) -> str:
    parts = [_kind(field)]
    if field.required:
        parts.append("required")
    if field.allow_none:
        parts.append("null")
    return " ".join([*parts, *sorted(map(_validator, field.validators))])


def _kind(field: Any) -> str:
    kind = type(field).__name__
    if isinstance(field, fields.Nested):
        nested: Any = field.schema
        return f"{kind}({nested.message_type.__name__})"
    if isinstance(field, fields.List):
        return f"{kind}({_written(field.inner)})"
    if isinstance(field, fields.Dict) and field.value_field:
        return f"{kind}({_written(field.value_field)})"
    return kind


def _validator(validator: Any) -> str:
    return getattr(validator, "__name__", None) or repr(validator)


if __name__ == "__main__":
    freeze()
