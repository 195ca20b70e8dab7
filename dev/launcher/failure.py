"""Why a program ended, in words, from what it wrote."""

import json
import re
from typing import Final

_TAIL_CHARS: Final = 20_000
_SAID_MAX_CHARS: Final = 300
_CAUSE: Final = re.compile(r"^(?:[\w.]+(?:Error|Exception|Exit|Interrupt|Refused|Warning)|[a-z][\w-]+): \S.*")


def reason_in(output: str) -> str:
    """Return the line that says best why a program ended; empty where it wrote nothing.

    That is the last line that names a cause (`EnvError: ...`, `identity: ...`), the exception or event of the last line
    of a JSON log, or else the last line there is.
    """
    lines = [line.strip() for line in output[-_TAIL_CHARS:].splitlines() if line.strip()]
    causes = [cause for line in reversed(lines) if (cause := _cause_of(line))]
    said = next(iter(causes), lines[-1] if lines else "")
    return said[:_SAID_MAX_CHARS]


def _cause_of(line: str) -> str | None:
    """Return the cause that a line names, or None."""
    if not line.startswith("{"):
        return line if _CAUSE.match(line) else None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("level") not in {"error", "critical"}:
        return None
    exception = str(entry.get("exception") or "").strip().splitlines()
    return exception[-1] if exception else str(entry.get("event"))
