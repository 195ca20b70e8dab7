"""How much of a long test is done: a share in every run, the whole of it at night.

`./portal test nightly` sets NIGHTLY. What is left out is drawn by the seed that the test states, never by the machine.
"""

import os
from typing import Final

NIGHTLY: Final = os.environ.get("NIGHTLY", "") == "true"


def share(*, in_ci: int, nightly: int) -> int:
    """Return how many there are of something in this run."""
    return nightly if NIGHTLY else in_ci
