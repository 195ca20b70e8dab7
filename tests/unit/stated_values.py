"""Constants of the rules, to compare with what a test states: who imports a number never sees it change."""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[2]
_CONSTANT: Final = re.compile(r"^(_?[A-Z][A-Z0-9_]+)(?:: Final[^=\n]*)? =", re.MULTILINE)
_PLAIN: Final = (bytes, date, float, int, str, time, timedelta)


def plain_constants(*places: str) -> dict[str, Any]:
    """Return the constants of modules, given as paths or folders, by `module.NAME`: plain values and groups of them."""
    found: dict[str, Any] = {}
    for path in _modules(places):
        module = import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
        for name in _CONSTANT.findall(path.read_text(encoding="utf-8")):
            value = getattr(module, name)
            if _is_plain(value):
                found[f"{path.stem}.{name}"] = value
    return found


def _modules(places: Iterable[str]) -> list[Path]:
    found = [PROJECT / place for place in places]
    return [path for place in found for path in (sorted(place.glob("*.py")) if place.is_dir() else [place])]


def _is_plain(value: Any) -> bool:
    if type(value) in {tuple, set, frozenset}:
        return all(_is_plain(one) for one in value)
    return type(value) in _PLAIN
