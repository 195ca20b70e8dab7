"""What became of a step of `./portal test`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How many things passed, failed, were skipped, and how long they took.

    `second_try`: how many of the passed failed at first, beside the others, and passed alone.
    """

    name: str
    seconds: float
    passed: int
    failed: int
    skipped: int = 0
    second_try: int = 0
