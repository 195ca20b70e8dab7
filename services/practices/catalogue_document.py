"""From the text of a catalogue file to its content, and to the line of each part of it.

YAML, one entity a file, or JSON with a list of `entities`; YAML may have the list too. Of YAML every value is taken as
it is written: `01` is a segregation code and no number, `NO` is a province and no boolean. Only what is called cents,
days, points, chars or decimals is a number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

Path = tuple[str | int, ...]
"""Where something stands: names and places in lists, from 0."""

_NULL: Final = "tag:yaml.org,2002:null"
_NUMBERS: Final = ("cents", "_days", "_points", "_chars", "decimals")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")
_DEPTH_MAX: Final = 12
# Names that stand for a part (`*name`) are written out: a short file must not grow without end.
_PARTS_MAX: Final = 200_000
_TABS: Final = "indent with spaces, never with tabs, each level by two more"


class UnreadableError(Exception):
    """A file that is neither YAML nor JSON, or no catalogue: in which line, why, and what to do."""

    def __init__(self, line: int, problem: str, remedy: str) -> None:
        self.line = line
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"line {line}: {problem}; {remedy}")


@dataclass(frozen=True)
class Document:
    """A catalogue as it is written. `lines`: of each part, the first being 1; none where they are not known."""

    content: Mapping[str, Any]
    lines: Mapping[Path, int]


def read(text: str, *, is_json: bool) -> Document:
    """Return a catalogue with its list of entities. Raises UnreadableError."""
    lines: dict[Path, int] = {}
    if is_json:
        content = _json(text)
        try:
            _of_yaml(text, lines)
        except UnreadableError:  # what it says is known, only not where
            lines.clear()
    else:
        content = _of_yaml(text, lines)
    if not isinstance(content, dict):
        raise UnreadableError(1, "this is no catalogue", "begin with the fields of an entity: `code: PM108`")
    if "entities" in content:
        return Document(content, lines)
    return Document({"entities": [content]}, {("entities", 0, *path): line for path, line in lines.items()})


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(error.lineno, f"no JSON: {error.msg}", "look at the comma or bracket before it") from None
    except RecursionError:
        raise UnreadableError(1, "lists in lists without end", "write the entities alone") from None


def _of_yaml(text: str, lines: dict[Path, int]) -> Any:
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        remedy = _TABS if "\\t" in str(error.problem) else "look at the colon, quotes and indentation of this line"
        raise UnreadableError(line, f"no YAML: {error.problem}", remedy) from None
    except (yaml.YAMLError, RecursionError):
        raise UnreadableError(1, "no YAML: characters that no text has", "save the file anew as UTF-8") from None
    if node is None:
        raise UnreadableError(1, "the file is empty", "begin with the fields of an entity: `code: PM108`")
    return _plain(node, (), lines)


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    """Return what a node says, noting the line of each part."""
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(path) > _DEPTH_MAX or len(lines) > _PARTS_MAX:
        raise UnreadableError(line, "parts within parts without end", "write out what `*` stands for")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, place), lines) for place, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    return None if node.tag == _NULL else node.value


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, object]:
    content: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UnreadableError(line, "a name that is no text", "write `name: value`")
        if key.value in content:
            raise UnreadableError(line, f"{key.value} is there twice", "leave one of the two")
        lines[*path, key.value] = line
        inner = _plain(value, (*path, key.value), lines)
        is_number = key.value.endswith(_NUMBERS) and isinstance(inner, str) and _NUMBER.fullmatch(inner)
        content[key.value] = int(inner) if is_number else inner
    return content
