"""House rules about benchmarks: each is a row of `./portal bench`, says what it measures and uses the one harness."""

import ast
import re
from pathlib import Path

import pytest

from benchmarks.rows import ROWS
from tests.unit.house.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"
SCRIPTS = sorted(path for path in BENCHMARKS.glob("*.py") if path.stem != "rows")
# What the harness does for all.
OWN_COPIES = {"argparse", "import json", "sys.path", "subprocess.Popen", "/proc/"}
# Baselines write plain JSON; an import is killed, or ends by itself.
ITS_OWN = {
    "rpc_echo": {"import json"},
    "events": {"import json"},
    "debt_import": {"subprocess.Popen"},
}

each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


def test_every_script_is_a_row_and_every_row_has_its_script() -> None:
    assert {script.stem for script in SCRIPTS} == set(ROWS)


def test_the_help_of_bench_names_every_row() -> None:
    said = (ROOT / "portal").read_text().split('"bench": """', 1)[1].split('"""', 1)[0]
    assert not [row for row in ROWS if not re.search(rf"\b{row}\b", said)]


@each_script
def test_a_benchmark_says_in_one_line_what_it_measures_and_beside_what(script: Path) -> None:
    first = (ast.get_docstring(ast.parse(script.read_text())) or "").splitlines()[0]
    assert first.endswith(".")
    assert script.stem == "memory" or re.search(r"\b(against|beside|with 1|with 10)", first), first


@each_script
def test_a_benchmark_uses_the_one_harness(script: Path) -> None:
    text = script.read_text()
    assert "program.main(" in text
    own = {name for name in OWN_COPIES if name in text}
    assert own <= ITS_OWN.get(script.stem, set())


@each_script
def test_a_benchmark_tells_the_processor_time_of_a_unit_of_work(script: Path) -> None:
    assert re.search(r"compared\(|processor", script.read_text()), "rates depend on what else the machine does"
