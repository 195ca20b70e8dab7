"""What fails beside others is tried once more alone, and said; what fails twice has failed."""

from pathlib import Path

import pytest

from dev.testing import lanes
from dev.testing.lanes import Lane
from dev.testing.outcome import Outcome

_STUMBLES_ONCE = """
from pathlib import Path

def test_that_stumbles_once():
    marker = Path(__file__).with_suffix(".tried")
    was_tried = marker.exists()
    marker.touch()
    assert was_tried

def test_that_passes():
    pass
"""
_ALWAYS_FAILS = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_that_fails(number):
    assert False
"""


_TELLS_ITS_SERVERS = """
import os
from pathlib import Path

def test_that_tells_its_servers():
    Path(__file__).with_suffix(".told").write_text(os.environ["AMQP_URL"] + " " + os.environ["DATABASE_URL"])
"""


@pytest.fixture(name="needs_nothing")
def _needs_nothing(tmp_path, monkeypatch):
    """The samples ask for no server, which would take longer than they do."""
    monkeypatch.setattr(lanes, "_PURE", (str(tmp_path),))


def _lane(folder: Path, text: str) -> Lane:
    folder.mkdir(exist_ok=True)
    (folder / "test_sample.py").write_text(text)
    return Lane(f"sample-{folder.name}", [str(folder)])


def test_lanes_side_by_side_have_each_their_own_servers_and_are_told_in_their_order(tmp_path, capfd):
    several = [_lane(tmp_path / name, _TELLS_ITS_SERVERS) for name in ("a", "b", "c")]
    several[1] = _lane(tmp_path / "b", _ALWAYS_FAILS.format(count=1))
    checked = Outcome("a check", 0.0, passed=1, failed=0)
    outcomes = lanes.run(several, [], beside=[lambda: checked])
    assert outcomes[0] is checked
    assert [one.name for one in outcomes[1:]] == [f"pytest {lane.name}" for lane in several]
    assert [one.failed for one in outcomes] == [0, 0, 1, 0]
    told = [(tmp_path / name / "test_sample.told").read_text().split() for name in ("a", "c")]
    assert not set(told[0]) & set(told[1])
    assert "test_that_fails[0]" in capfd.readouterr().out


@pytest.mark.usefixtures("needs_nothing")
def test_a_test_that_stumbles_once_passes_alone_and_is_counted(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _STUMBLES_ONCE)], [], again=True)
    assert (outcome.passed, outcome.failed, outcome.second_try) == (2, 0, 1)


@pytest.mark.usefixtures("needs_nothing")
def test_without_a_second_try_a_stumble_is_a_failure(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _STUMBLES_ONCE)], [])
    assert (outcome.passed, outcome.failed, outcome.second_try) == (1, 1, 0)


@pytest.mark.usefixtures("needs_nothing")
def test_what_fails_twice_has_failed(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _ALWAYS_FAILS.format(count=2))], [], again=True)
    assert (outcome.passed, outcome.failed, outcome.second_try) == (0, 2, 0)


@pytest.mark.usefixtures("needs_nothing")
def test_many_failures_are_no_accident(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _ALWAYS_FAILS.format(count=lanes.AGAIN_AT_MOST + 1))], [], again=True)
    assert outcome.failed == lanes.AGAIN_AT_MOST + 1
