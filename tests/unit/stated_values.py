"""Constants of the rules, to compare with what a test states: who imports a number never sees it change.

What is new or changed is printed as lines to be put into the tests, after a look at each:

    PYTHONPATH=. python -m tests.unit.stated_values
"""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[2]
PLACES: Final = {
    "cart": ("services/cart/domain.py",),
    "identity": ("services/identity/domain.py", "services/identity/operators/domain"),
    "notices": ("services/notices/documents/domain", "services/notices/mail/domain.py"),
    "payments": ("services/payments/domain", "services/payments/usecases/receipt_judgement.py"),
    "practices": ("services/practices/domain", "services/practices/debt_file"),
}
"""Where the rules of a service stand."""
_CONSTANT: Final = re.compile(r"^(_?[A-Z][A-Z0-9_]+)(?:: Final[^=\n]*)? =", re.MULTILINE)
_PLAIN: Final = (bytes, date, float, int, str, time, timedelta)


def plain_constants(service: str) -> dict[str, Any]:
    """Return the constants of a service's rules by `module.NAME`: plain values and groups of them."""
    found: dict[str, Any] = {}
    for path in _modules(PLACES[service]):
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


def _print_what_is_not_stated() -> None:
    for service in PLACES:
        test = import_module(f"tests.unit.{service}.test_{service}_stated_values")
        for name, value in plain_constants(service).items():
            if name not in test.STATED or test.STATED[name] != value:
                print(f"{test.__name__}:     {name!r}: {value!r},")


if __name__ == "__main__":
    _print_what_is_not_stated()
