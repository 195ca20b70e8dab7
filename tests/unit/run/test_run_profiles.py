"""What `./portal test` runs for which words."""

from pathlib import Path

import pytest

from dev.testing import lanes, profiles, suite
from dev.testing.profiles import CI, PROFILES

ROOT = Path(__file__).resolve().parents[3]
FAST = lanes.fast()


def test_without_a_word_no_profile_runs() -> None:
    assert suite._runs([]) == [FAST]
    assert not profiles.targets() & {target for lane in FAST for target in lane.targets}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_runs_by_its_name_alone(name: str) -> None:
    [[lane]] = suite._runs([name])
    assert lane.targets == list(PROFILES[name].targets)
    assert lane.environment == PROFILES[name].environment
    for target in lane.targets:
        assert (ROOT / target).is_file() or list((ROOT / target).glob("test_*.py")), target


def test_a_nightly_profile_does_whole_what_the_fast_part_does_a_share_of() -> None:
    nightly = PROFILES["nightly"]
    assert nightly.environment == {"NIGHTLY": "true"}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    sharing = {name for name in files if "\nfrom tests.shares import" in (ROOT / name).read_text()}
    assert sharing == set(nightly.targets)
    in_fast = [target for lane in FAST for target in lane.targets]
    assert all(any(name.startswith(f"{target}/") for target in in_fast) for name in sharing)
    assert not any(lane.environment for lane in FAST)


def test_continuous_integration_runs_the_fast_part_and_then_its_profiles() -> None:
    first, *others = suite._runs([CI])
    assert first == FAST
    assert {lane.name for run in others for lane in run} == {name for name, one in PROFILES.items() if one.in_ci}
    assert f"exec ./portal test {CI}\n" in (ROOT / ".ci" / "run").read_text()


def test_an_options_value_may_be_a_word_of_its_own() -> None:
    assert suite._sorted_out(["practices", "-k", "amount", "-x"]) == (["-k", "amount", "-x"], ["practices"])
    assert suite._sorted_out(["--maxfail", "2", "unit", "--timeout=5"]) == (["--maxfail", "2", "--timeout=5"], ["unit"])
