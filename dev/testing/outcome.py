"""What became of a step of `./portal test`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How many things passed, failed, were skipped, and how long they took."""

    name: str
    seconds: float
    passed: int
    failed: int
    skipped: int = 0
