"""What `./portal test` runs only when it is named: too slow, or too far from the code, for every time.

To add one: its tests in folders of their own, a line here, and a line in the help of `portal`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Profile:
    """Folders of tests that are left out of the fast part. `in_ci`: continuous integration runs them as well."""

    targets: Sequence[str]
    in_ci: bool


PROFILES: Final[Mapping[str, Profile]] = {
    "images": Profile(("tests/images",), in_ci=True),
    "ruleset": Profile(("tests/ruleset",), in_ci=True),
    "nightly": Profile(("tests/nightly",), in_ci=False),
    "spid-profiles": Profile(("tests/spid_profiles",), in_ci=True),
}
CI: Final = "ci"
"""The word for what continuous integration runs: the fast part, then each profile that is marked for it."""


def targets() -> frozenset[str]:
    """Every folder that is left out of the fast part."""
    return frozenset(target for profile in PROFILES.values() for target in profile.targets)
