"""The values that the contracts promise beside shapes: constants, defaults, deadlines, who answers and who emits.

`frozen/values.json` states them, so that no test has to import what it compares with. To add what is new (it changes
and takes out nothing; a promise that is to change is changed there by hand, and told in the changelog):

    ./portal generate
"""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from contracts.call import Call
from contracts.events.envelope import EventType
from tests.contract.frozen_messages import CONTRACTS, message_types, name_of

FILE: Final = Path(__file__).parent / "frozen" / "values.json"
_CONSTANT: Final = re.compile(r"^([A-Z][A-Z0-9_]+)(?::[^=\n]*)? =", re.MULTILINE)


def values() -> dict[str, str]:
    """Return every constant and default of the contracts by its name, written as text; each member of several alone."""
    found: dict[str, str] = {}
    for path in sorted(CONTRACTS.rglob("*.py")):
        module = path.relative_to(CONTRACTS).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        loaded = import_module(f"contracts.{module}".removesuffix(".__init__"))
        for name in sorted(set(_CONSTANT.findall(path.read_text()))):
            found |= _stated(f"{module}.{name}", getattr(loaded, name))
    for message_type in message_types():
        found |= {f"{name_of(message_type)}.{name}": text for name, text in _defaults(message_type).items()}
        if message_type.absent_is_left_out:
            found[f"{name_of(message_type)} leaves out what is absent"] = "yes"
    return dict(sorted(found.items()))


def frozen() -> Mapping[str, str]:
    """Return the promised values."""
    promised: dict[str, str] = json.loads(FILE.read_text())
    return promised


def freeze() -> None:
    """Write down what is not yet promised."""
    promised = frozen() if FILE.exists() else {}
    together = dict(sorted({**values(), **promised}.items()))
    FILE.write_text(json.dumps(together, indent=0, ensure_ascii=False) + "\n")


def _stated(name: str, value: Any) -> dict[str, str]:
    """Return a constant by its name; of a collection each member, so that one more is something new."""
    match value:
        case str() | bytes():
            return {name: _written(value)}
        case Mapping():
            return {f"{name}[{_written(key)}]": _written(one) for key, one in value.items()}
        case Sequence() | frozenset():
            return {f"{name} has {_written(one)}": "yes" for one in value}
    return {name: _written(value)}


def _defaults(message_type: type[Any]) -> dict[str, str]:
    found = {}
    for field in dataclasses.fields(message_type):
        if field.default is not dataclasses.MISSING:
            found[field.name] = _written(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = _written(field.default_factory())
    return found


def _written(value: Any) -> str:
    """Return a value as text that does not depend on the process, nor on the order of what has none."""
    match value:
        case Call():
            again = "idempotent" if value.idempotent else "once"
            types = f"{value.request_type.__name__} -> {value.reply_type.__name__}"
            return f"{value.name} {types} {again} {float(value.timeout_s)} s"
        case EventType():
            return f"{value.source} emits {value.type} {value.data_type.__name__}"
        case Enum():
            return str(value)
        case type():
            return value.__name__
        case frozenset():
            return "{" + ", ".join(sorted(map(_written, value))) + "}"
        case str() | bytes():
            return repr(value)
        case Sequence():
            return "(" + ", ".join(map(_written, value)) + ")"
    return repr(value)


if __name__ == "__main__":
    freeze()
