"""The keys that cookies and forms are signed with: a list, of which the first signs and all verify; no weak one."""

from itertools import pairwise
from typing import Final

LENGTH_MIN: Final = 32
DISTINCT_MIN: Final = 12
_STEPS_MAX: Final = 0.5
# What stands in examples, tutorials and other frameworks' templates.
_KNOWN: Final = (
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "secretkey",
    "secret-key",
    "secret_key",
    "password",
    "insecure",
    "qwerty",
    "letmein",
)
SANDBOX: Final = "sandbox-only"
"""How the published key of the example begins: good on localhost, for nothing else."""


class Weak(ValueError):
    """Why a key is not taken, as the end of a sentence that begins with its name. The key does not stand in it."""


def read_keys(text: str) -> tuple[str, ...]:
    """Read a list of keys, comma separated, the one that signs first. Raises Weak."""
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if not keys:
        raise Weak("is empty")
    for place, key in enumerate(keys, start=1):
        if why := why_weak(key):
            raise Weak(why if len(keys) == 1 else f"{why} (key {place} of {len(keys)})")
    return keys


def why_weak(key: str) -> str | None:
    """Return what makes a key easy to guess, None where nothing shows.

    Nobody can tell whether a text was drawn at random; what people type in place of a random one can be told.
    """
    if len(key) < LENGTH_MIN:
        return f"is shorter than {LENGTH_MIN} characters"
    if len(set(key)) < DISTINCT_MIN or key in (key + key)[1:-1]:
        return "repeats itself"
    steps = [abs(ord(after) - ord(before)) for before, after in pairwise(key)]
    if sum(step <= 1 for step in steps) > _STEPS_MAX * len(steps):
        return "counts up or down"
    if any(word in key.lower() for word in _KNOWN):
        return "holds a word that stands in everybody's examples"
    return None
