"""What a process would be told by its environment: what is wrong with it, and what it would work with, without secrets.

`python -m chassis.settings check payments gateway`, or of all parts of this image without names. A part is loaded as
its process loads it, and nothing else is done: neither broker nor database is asked.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from environs import EnvError

from chassis import settings

_ROOT: Final = Path(__file__).parents[1]
_SECRET: Final = re.compile(r"PASSWORD|SECRET|SUBSCRIPTION_KEY|TRACE_KEY")
_NAME: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_NEAR: Final = 0.88
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OUTSIDE: Final = re.compile(r"(CHECKOUT|FDR|ACA|ACA_BULK|BIZ_EVENTS)_URL")
"""What is pagoPA's in production."""


@dataclass
class Found:
    """What one part would work with, by name, and what is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def parts() -> list[str]:
    """Return what of the product is in this image: services by name, `gateway`, `node`."""
    services = sorted(path.parent.name for path in (_ROOT / "services").glob("*/service.py"))
    return [*services, *(("gateway", "node") if find_spec("gateway") else ())]


def look_at(part: str) -> Found:
    """Load the settings of a part. One that is wrong is noted and taken out, so that the next wrong one shows."""
    found, taken_out = Found(), dict[str, str]()
    try:
        while True:
            with settings.readers() as made:
                error = _error_of(part)
            for reader in made:
                found.values |= reader.dump()
            if error is None:
                return found
            found.errors.append(error)
            named = _NAME.search(error)
            if named is None or named[0] not in os.environ:
                return found
            taken_out[named[0]] = os.environ.pop(named[0])
    finally:
        os.environ.update(taken_out)


def _error_of(part: str) -> str | None:
    try:
        for load in _loaders(part):
            load()
    except (EnvError, ValueError, OSError) as error:
        return str(error)
    return None


def _loaders(part: str) -> Iterator[Callable[[], object]]:
    if part in {"gateway", "node"}:
        gateway: Any = import_module("gateway.settings")
        yield lambda: gateway.Settings.load(for_browsers=part == "gateway")
        return
    yield settings.ChassisSettings.load
    yield lambda: settings.database_url(part)
    if find_spec(f"services.{part}.settings"):
        own: Any = import_module(f"services.{part}.settings")
        yield own.Settings.load


def warnings(values: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Return what starts and is yet hardly meant: names nobody reads, and pagoPA on this machine."""
    known = {one for name in values for one in (name, f"{name}_FILE")}
    told = [
        f"{name} is read by nobody; {nearest[0]} is"
        for name in sorted(set(environment) - known)
        if (nearest := get_close_matches(name.removesuffix("_FILE"), values, n=1, cutoff=_NEAR))
    ]
    if str(values.get("PUBLIC_URL", "")).startswith("https:"):
        told += [
            f"{name} is on this machine, though PUBLIC_URL is public"
            for name, value in sorted(values.items())
            if _OUTSIDE.fullmatch(name) and urlsplit(str(value)).hostname in _THIS_MACHINE
        ]
    return told


def shown(name: str, value: Any) -> str:
    """Write a value without its secrets: of each address all but the password."""
    if _SECRET.search(name):
        return "(secret)" if value else "(none)"
    if value is None:
        return "(none)"
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return ";".join(_without_password(one) for one in text.split(";"))


def _without_password(text: str) -> str:
    parts_of_it = urlsplit(text)
    if not parts_of_it.password:
        return text
    host = parts_of_it.netloc.rpartition("@")[2]
    return urlunsplit(parts_of_it._replace(netloc=f"{parts_of_it.username}:(secret)@{host}"))


def _source(name: str) -> str:
    if f"{name}_FILE" in os.environ:
        return "file"
    return "environment" if name in os.environ else "default"


def lines(asked: Sequence[str]) -> Iterator[str]:
    """Yield what the parts would work with, a line each; what is wrong begins with WRONG."""
    everything: dict[str, Any] = {}
    for part in asked:
        found = look_at(part)
        everything |= found.values
        yield f"{part}:"
        for name, value in sorted(found.values.items()):
            yield f"  {name} = {shown(name, value)}  [{_source(name)}]"
        yield from (f"WRONG in {part}: {error}" for error in found.errors)
    yield from (f"warning: {warning}" for warning in warnings(everything, os.environ))


def main(arguments: Sequence[str]) -> int:
    """Run the command line, `check [PART …]`; return 1 where a part would not start."""
    known = parts()
    if not arguments or arguments[0] != "check" or set(arguments[1:]) - set(known):
        sys.stderr.write(f"usage: python -m chassis.settings check [{' | '.join(known)}]\n")
        return 2
    told = list(lines(arguments[1:] or known))
    is_wrong = any(line.startswith("WRONG") for line in told)
    told.append("Not all of it would start." if is_wrong else "All of it would start.")
    sys.stdout.write("\n".join(told) + "\n")
    return int(is_wrong)
