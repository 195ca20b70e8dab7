"""What each remote procedure takes and answers, field by field, and whether it may be repeated.

`frozen/calls.json` holds it as it was promised. To add what is new (it changes and takes out nothing):

    ./portal generate
"""

import json
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from marshmallow import Schema

from contracts import rpc
from contracts.call import AnyCall, Call

FILE: Final = Path(__file__).parent / "frozen" / "calls.json"
Shape = dict[str, Any]


def calls() -> dict[str, AnyCall]:
    """Return every remote procedure the contracts define, by name."""
    modules = [import_module(f"{rpc.__name__}.{found.name}") for found in pkgutil.iter_modules(rpc.__path__)]
    values = [value for module in modules for value in vars(module).values()]
    return {value.name: value for value in values if isinstance(value, Call)}


def fields_of(schema: Schema) -> Shape:
    """Return the kind of each field and whether it has to be sent, in the order of the names."""
    return {name: [type(field).__name__, field.required] for name, field in sorted(schema.fields.items())}


def frozen() -> Mapping[str, Shape]:
    """Return the promised shapes."""
    promised: dict[str, Shape] = json.loads(FILE.read_text())
    return promised


def freeze() -> None:
    """Write down what is not yet promised, one call a line."""
    together = dict(frozen())
    for name, call in calls().items():
        now: Shape = {"request": fields_of(call.request), "reply": fields_of(call.reply), "idempotent": call.idempotent}
        promised = together.setdefault(name, now)
        for part in ("request", "reply"):
            promised[part] = {**now[part], **promised[part]}
    lines = [f"  {json.dumps(name)}: {json.dumps(together[name])}" for name in sorted(together)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    freeze()
