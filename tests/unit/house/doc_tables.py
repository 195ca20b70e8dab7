"""The tables in docs/ that repeat what the code says: which columns are made from it, and how.

A table stands between `<!-- table NAME -->` and `<!-- end -->`. Its columns are made from the code, but for the last of
events and settings, which people write: it is taken over by the first column. To write all tables anew:

    ./portal generate
"""

import ast
import dataclasses
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from contracts.error_details import DETAIL_OF
from contracts.errors import ErrorCode
from contracts.events import EVENTS
from contracts.events.envelope import AnyEventType
from contracts.events.subscriptions import SUBSCRIPTIONS
from contracts.message import annotations_of
from gateway.messages import text_of
from gateway.statuses import STATUS_OF

ROOT: Final = Path(__file__).resolve().parents[3]
Row = tuple[str, ...]

SETTING_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]+")
READERS: Final = ("chassis", "services", "gateway", "sandbox/mail", "sandbox/pagopa", "sandbox/spid")
DEPLOYMENT: Final = ("Procfile", "sandbox/Procfile", "docker-compose.yml")
ENV_METHODS: Final = {"str", "int", "float", "bool", "list", "dict", "json", "path", "url", "get"}
NO_DEFAULT: Final = "required"
NONE: Final = "none"
NOT_LITERAL: Final = "see purpose"


@dataclass
class Setting:
    """A name read from the environment: which parts read it, and the defaults they have for it."""

    read_by: set[str] = field(default_factory=set)
    defaults: set[str] = field(default_factory=set)

    @property
    def default(self) -> str:
        """The default written out, where one of the readers has it so."""
        written = sorted(self.defaults - {NO_DEFAULT, NOT_LITERAL, NONE})
        weaker = [default for default in (NO_DEFAULT, NOT_LITERAL, NONE) if default in self.defaults]
        return " or ".join(written) or weaker[0]


@dataclass(frozen=True)
class Table:
    """A table of the docs. `rows` makes what the code says; a `written` table has a last column of people's words."""

    file: str
    header: Row
    rows: Callable[[], list[Row]]
    written: bool


def event_rows() -> list[Row]:
    """Type, emitter, listeners."""
    heard = defaultdict(list)
    for subscription in SUBSCRIPTIONS:
        heard[subscription.event_type.type].append(subscription.consumer.split(".")[0])
    return [
        (f"`{event.type}`", event.source, ", ".join(sorted(heard[event.type])) or "outside consumers")
        for event in EVENTS.values()
    ]


def data_rows() -> list[Row]:
    """Event, and the fields of its data; those that may be absent or null have a question mark."""
    return [(f"`{event.name}`", ", ".join(_fields_of(event))) for event in EVENTS.values()]


def _fields_of(event: AnyEventType) -> Iterator[str]:
    for name, annotation in annotations_of(event.data_type).items():
        yield f"`{name}`{'?' if annotation.nullable else ''}"


def error_rows() -> list[Row]:
    """Code, HTTP status, what its detail tells, and the English title people see."""
    return [
        (f"`{code.value}`", str(STATUS_OF[code].value), _detail_of(code), text_of(code, "en").detail)
        for code in ErrorCode
    ]


def _detail_of(code: ErrorCode) -> str:
    detail = DETAIL_OF.get(code)
    return ", ".join(f"`{one.name}`" for one in dataclasses.fields(detail)) if detail else "–"


def setting_rows() -> list[Row]:
    """Name, who reads it, default."""
    return [
        (f"`{name}`", ", ".join(sorted(setting.read_by)), setting.default)
        for name, setting in sorted(settings_read().items())
    ]


@cache
def settings_read() -> Mapping[str, Setting]:
    """Return every setting that the product and the stand-ins read from the environment by a name written out."""
    found: dict[str, Setting] = defaultdict(Setting)
    for path in (path for folder in READERS for path in sorted((ROOT / folder).rglob("*.py"))):
        relative = path.relative_to(ROOT)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = _constants(tree)
        for name, default in _reads(tree, constants):
            found[name].read_by.add(_part_of(relative))
            found[name].defaults.add(default)
    return dict(found)


def deployment_rows() -> list[Row]:
    """Names that only the files of a deployment use, as `${NAME}`, and which files."""
    files: dict[str, list[str]] = defaultdict(list)
    for file in DEPLOYMENT:
        lines = [line for line in (ROOT / file).read_text().splitlines() if not line.lstrip().startswith("#")]
        for name in set(re.findall(r"\$\{([A-Z][A-Z0-9_]+)", "\n".join(lines))) - set(settings_read()):
            files[name].append(f"`{file}`")
    return [(f"`{name}`", ", ".join(where)) for name, where in sorted(files.items())]


def _part_of(path: Path) -> str:
    return path.parts[1] if path.parts[0] == "services" else path.parts[0]


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the module's own constants, for defaults that have a name."""
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _reads(tree: ast.Module, constants: Mapping[str, ast.expr]) -> Iterator[tuple[str, str]]:
    """Yield (name, default) of each read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_environment(node.value):
            name = _name_in(node.slice)
            if name and isinstance(node.ctx, ast.Load):
                yield name, NO_DEFAULT
        elif isinstance(node, ast.Call) and (name := _read_name(node)):
            yield name, _default_of(node, constants)


def _read_name(call: ast.Call) -> str | None:
    """Return the setting that a call reads: `env.str("X")`, `Env().bool("X")`, `os.environ.get("X")`, `f(env, "X")`."""
    first = call.args[0] if call.args else None
    if isinstance(call.func, ast.Attribute) and call.func.attr in ENV_METHODS:
        of_env = _is_environment(call.func.value) or isinstance(call.func.value, ast.Call)
        return _name_in(first) if of_env else None
    if isinstance(first, ast.Name) and first.id == "env" and len(call.args) > 1:
        return _name_in(call.args[1])
    return None


def _is_environment(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "env") or (
        isinstance(node, ast.Attribute) and node.attr == "environ"
    )


def _name_in(node: ast.AST | None) -> str | None:
    is_name = isinstance(node, ast.Constant) and isinstance(node.value, str) and SETTING_NAME.fullmatch(node.value)
    return str(node.value) if is_name and isinstance(node, ast.Constant) else None


def _default_of(call: ast.Call, constants: Mapping[str, ast.expr]) -> str:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "default"] or call.args[1:2]
    if not isinstance(call.func, ast.Attribute):  # a helper that reads a path or nothing
        return NONE
    if not given:
        return NONE if call.func.attr == "get" else NO_DEFAULT
    return _shown(given[0], constants)


def _shown(node: ast.expr, constants: Mapping[str, ast.expr]) -> str:
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "list":
        return _shown(node.args[0], constants)
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return NOT_LITERAL
    if value in (None, "", {}):
        return NONE
    return f"`{','.join(map(_number, value)) if isinstance(value, list | tuple) else _number(value)}`"


def _number(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


TABLES: Final[Mapping[str, Table]] = {
    "events": Table("docs/events.md", ("event", "emitted by", "heard by", "says"), event_rows, written=True),
    "data": Table("docs/events.md", ("event", "`data`"), data_rows, written=False),
    "settings": Table("docs/settings.md", ("variable", "read by", "default", "purpose"), setting_rows, written=True),
    "deployment": Table("docs/settings.md", ("variable", "file", "purpose"), deployment_rows, written=True),
    "errors": Table("docs/error-codes.md", ("code", "HTTP", "`params`", "what people read"), error_rows, written=False),
}


def section(text: str, name: str) -> str:
    """Return what stands between a table's marks."""
    return text.split(f"<!-- table {name} -->\n", 1)[1].split("<!-- end -->", 1)[0]


def cells(lines: Iterable[str]) -> list[Row]:
    """Return the rows of a Markdown table without its header."""
    rows = [
        tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines if line.startswith("|")
    ]
    return rows[2:]


def written_down(name: str) -> list[Row]:
    """Return the rows of a table as they stand in docs/."""
    text = (ROOT / TABLES[name].file).read_text(encoding="utf-8")
    return cells(section(text, name).splitlines())


def made_anew(name: str) -> str:
    """Return a table with the code's columns as they are now, and people's words where there are some."""
    table = TABLES[name]
    words = {row[0]: row[-1] for row in written_down(name)} if table.written else {}
    rows: Sequence[Row] = [(*row, words.get(row[0], "")) if table.written else row for row in table.rows()]
    return "".join(f"| {' | '.join(row)} |\n" for row in (table.header, ("---",) * len(table.header), *rows))


def main() -> None:
    """Write every table anew; leave the words of people."""
    for name, table in TABLES.items():
        path = ROOT / table.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(section(text, name), made_anew(name)), encoding="utf-8")
        sys.stdout.write(f"{table.file}: {name}\n")


if __name__ == "__main__":
    main()
