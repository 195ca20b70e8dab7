"""What `./portal test` runs only when it is named: too slow, or too far from the code, for every time.

To add one: its tests in folders of their own, a line here, and a line in the help of `portal`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Profile:
    """Folders of tests that are left out of the fast part. `in_ci`: continuous integration runs them as well.

    `is_whole`: its files are in the fast part too, where they do a share of their work (`tests/shares.py`); here all.
    """

    targets: Sequence[str]
    in_ci: bool
    is_whole: bool = False

    @property
    def environment(self) -> Mapping[str, str]:
        """What its tests are told."""
        return {"NIGHTLY": "true"} if self.is_whole else {}


PROFILES: Final[Mapping[str, Profile]] = {
    "cluster": Profile(("tests/cluster",), in_ci=False),
    "events": Profile(("tests/events",), in_ci=False),
    "faults": Profile(("tests/faults",), in_ci=False),
    "images": Profile(("tests/images",), in_ci=True),
    "mutants": Profile(("tests/mutants",), in_ci=False),
    "nightly": Profile(
        (
            "tests/integration/identity/test_identity_fuzz.py",
            "tests/e2e/test_e2e_large_files.py",
            "tests/unit/contracts/test_contracts_amounts_agree.py",
            "tests/e2e/test_e2e_zz_failures.py",
        ),
        in_ci=False,
        is_whole=True,
    ),
    "ruleset": Profile(("tests/ruleset",), in_ci=True),
    "spid-profiles": Profile(("tests/spid_profiles",), in_ci=True),
}
CI: Final = "ci"
"""The word for what continuous integration runs: the fast part, then each profile that is marked for it."""


def targets() -> frozenset[str]:
    """Every folder that is left out of the fast part."""
    return frozenset(target for profile in PROFILES.values() if not profile.is_whole for target in profile.targets)
