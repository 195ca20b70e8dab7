"""What `./portal test` runs for which words."""

from pathlib import Path

import pytest

from dev.testing import lanes, profiles, suite
from dev.testing.profiles import CI, PROFILES

ROOT = Path(__file__).resolve().parents[3]
EVERYDAY = lanes.everyday()


def test_without_a_word_no_profile_runs() -> None:
    assert suite._lanes([]) == EVERYDAY
    assert not profiles.targets() & {target for lane in EVERYDAY for target in lane.targets}


def test_a_lane_has_a_report_of_its_own() -> None:
    assert len({lane.name for lane in suite._lanes([CI])}) == len(suite._lanes([CI]))


def test_the_quick_part_is_unit_and_contract_tests_and_needs_no_server() -> None:
    quick = suite._lanes([suite.QUICK])
    targets = [target for lane in quick for target in lane.targets]
    folders = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "unit").rglob("test_*.py")}
    assert sorted(targets) == sorted({*folders, "tests/contract"})
    assert not any(lane.needs_servers for lane in quick)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_runs_by_its_name_alone(name: str) -> None:
    [lane] = suite._lanes([name])
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
    in_fast = [target for lane in EVERYDAY for target in lane.targets]
    assert all(any(name.startswith(f"{target}/") for target in in_fast) for name in sharing)
    assert not any(lane.environment for lane in EVERYDAY)


def test_continuous_integration_runs_every_lane_and_its_profiles_once() -> None:
    others = [lane for lane in suite._lanes([CI]) if lane not in EVERYDAY]
    assert [lane for lane in suite._lanes([CI]) if lane in EVERYDAY] == EVERYDAY
    assert {lane.name: lane.targets for lane in others} == {
        name: profile.targets for name, profile in PROFILES.items() if profile.in_ci
    }
    assert f"exec ./portal test {CI}\n" in (ROOT / ".ci" / "run").read_text()


def test_an_options_value_may_be_a_word_of_its_own() -> None:
    assert suite._sorted_out(["practices", "-k", "amount", "-x"]) == (["-k", "amount", "-x"], ["practices"])
    assert suite._sorted_out(["--maxfail", "2", "unit", "--timeout=5"]) == (["--maxfail", "2", "--timeout=5"], ["unit"])
