"""docs/security.md: every requirement once, every state one of four, and every test it names is there."""

import re
from collections import Counter
from typing import Final

import pytest

from tests.unit.house.conftest import ROOT

TEXT: Final = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS: Final = re.findall(r"^\| ([\d.]+) \| (.*?) \| (.*?) \| (.*?) \|$", TEXT, re.MULTILINE)
# Requirements of levels 1 and 2 by chapter, as ASVS 5.0.0 has them.
# fmt: off
BY_CHAPTER: Final = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7,
    10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7,
}
# fmt: on
STATES: Final = {"yes", "partly", "no", "n/a"}


def test_every_requirement_of_level_two_is_there_once() -> None:
    numbers = [number for number, *_ in ROWS]
    assert len(set(numbers)) == len(numbers)
    assert Counter(int(number.split(".")[0]) for number in numbers) == BY_CHAPTER
    assert sum(BY_CHAPTER.values()) == 253


def test_every_requirement_has_a_state_and_a_test_or_a_reason() -> None:
    for number, _, state, shown_by in ROWS:
        assert state in STATES, number
        assert len(shown_by) > 5, number


@pytest.mark.parametrize("page", ["security.md", "faults.md"])
def test_every_test_named_in_the_security_page_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / page).read_text(encoding="utf-8")))
    files = (ROOT / "tests").rglob("test_*.py")
    there = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}
    assert named
    assert named - there == set()


def test_every_kind_of_fault_is_shown_by_a_test() -> None:
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    kinds = re.findall(r"^\| (.+?) \| (.+?) \|$", text.split("## Faults under payments")[0], re.MULTILINE)
    shown = [(kind, by) for kind, by in kinds if kind not in ("kind", "---")]
    assert len(shown) >= 35
    assert [kind for kind, by in shown if "`test_" not in by] == []


def test_what_is_not_met_is_said_above_the_table() -> None:
    above = TEXT.split("### Not met", 1)[1].split("### V1", 1)[0]
    for number, _, state, _ in ROWS:
        assert state != "no" or f"({number})" in above, number


def test_files_named_in_the_security_page_exist() -> None:
    for file in set(re.findall(r"\b((?:docs|services|gateway|deploy)/[\w./-]+\.(?:md|py|conf))", TEXT)):
        assert (ROOT / file).is_file(), file
