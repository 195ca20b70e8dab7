"""What a command prints while it works."""

import sys
from time import monotonic
from typing import Final

_STARTED: Final = monotonic()


def step(text: str) -> None:
    """Print one line of progress with the seconds since the start."""
    print(f"portal: [{monotonic() - _STARTED:5.1f} s] {text}", flush=True)


def complain(text: str) -> None:
    """Print one clear sentence to standard error."""
    print(f"portal: {text}", file=sys.stderr, flush=True)
