"""What fails beside others is tried once more alone, and said; what fails twice has failed."""

from pathlib import Path

from dev.testing import lanes
from dev.testing.lanes import Lane

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


def _lane(folder: Path, text: str) -> Lane:
    (folder / "test_sample.py").write_text(text)
    return Lane(f"sample-{folder.name}", [str(folder)])


def test_a_test_that_stumbles_once_passes_alone_and_is_counted(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _STUMBLES_ONCE)], [], again=True)
    assert (outcome.passed, outcome.failed, outcome.second_try) == (2, 0, 1)


def test_without_a_second_try_a_stumble_is_a_failure(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _STUMBLES_ONCE)], [])
    assert (outcome.passed, outcome.failed, outcome.second_try) == (1, 1, 0)


def test_what_fails_twice_has_failed(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _ALWAYS_FAILS.format(count=2))], [], again=True)
    assert (outcome.passed, outcome.failed, outcome.second_try) == (0, 2, 0)


def test_many_failures_are_no_accident(tmp_path):
    [outcome] = lanes.run([_lane(tmp_path, _ALWAYS_FAILS.format(count=lanes.AGAIN_AT_MOST + 1))], [], again=True)
    assert outcome.failed == lanes.AGAIN_AT_MOST + 1
