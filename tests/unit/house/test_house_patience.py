"""House rules about waiting: a test waits for what is meant, and no result depends on how fast the machine is."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.conftest import PATIENCE_S

TESTS = Path(__file__).resolve().parents[2]
WAITING = {"eventually", "wait_until"}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, getattr(node.func, "id", getattr(node.func, "attr", ""))


@cache
def files() -> Sequence[tuple[Path, ast.Module, list[str]]]:
    """Every module that waits, with its tree and its lines."""
    sources = {path.relative_to(TESTS): path.read_text() for path in sorted(TESTS.rglob("*.py"))}
    return [
        (path, ast.parse(source), source.splitlines())
        for path, source in sources.items()
        if any(f"{name}(" in source for name in (*WAITING, "sleep"))
    ]


def test_nobody_waits_less_than_the_patience_of_all_tests() -> None:
    hasty = [
        f"{path}:{call.lineno}"
        for path, tree, _ in files()
        for call, name in calls(tree)
        for option in call.keywords
        if name in WAITING and option.arg == "timeout_s" and isinstance(option.value, ast.Constant)
        if float(str(option.value.value)) < PATIENCE_S
    ]
    assert hasty == [], "leave the timeout out: only a test that fails waits to the end"


def test_a_pause_is_part_of_a_loop_that_looks_or_says_why_it_is_one() -> None:
    """`time.sleep` between two looks is fine; alone it is a guess of how long something takes."""
    guesses = []
    for path, tree, lines in files():
        loops = [node for node in ast.walk(tree) if isinstance(node, ast.While)]
        looking = {call.lineno for loop in loops for call, name in calls(loop) if name == "sleep"}
        guesses += [
            f"{path}:{call.lineno}"
            for call, name in calls(tree)
            if name == "sleep" and call.lineno not in looking and "  # " not in lines[call.lineno - 1]
        ]
    assert guesses == [], "wait with `eventually` for what is meant, or say beside it what the pause stands for"
