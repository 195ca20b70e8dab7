"""House rule: the tables of docs/performance.md are computed from the committed results."""

from benchmarks.harness import capacity
from benchmarks.harness.figures import Figure
from benchmarks.rows import ROWS
from dev.bench import BASELINE, read_results


def test_the_tables_say_what_the_committed_results_say() -> None:
    text = capacity.PAGE.read_text(encoding="utf-8")
    anew = "./portal generate"
    assert capacity.made_anew(text, read_results(BASELINE)) == text, f"write them anew: {anew}"


def test_the_committed_results_have_the_rows_that_capacity_is_computed_from() -> None:
    committed = set(read_results(BASELINE))
    assert committed <= set(ROWS)
    assert {"events", "node_soap", "pages", "api_list", "table_growth"} <= committed


def test_a_cost_that_doubles_doubles_what_it_takes() -> None:
    found = read_results(BASELINE)
    twice = {
        row: [Figure(name=one.name, value=one.value * 2, unit=one.unit) for one in figures]
        for row, figures in found.items()
    }
    for one, two in zip(capacity.loads(found), capacity.loads(twice), strict=True):
        assert two.cores == one.cores * 2
        assert two.processes >= one.processes
    before, after = capacity.growth_table(found)[-1], capacity.growth_table(twice)[-1]
    assert float(after[2]) > 1.9 * float(before[2])


def test_what_is_needed_fits_the_rate_with_half_of_each_core_free() -> None:
    for one in capacity.loads(read_results(BASELINE)):
        assert one.processes * capacity.UTILISATION >= one.cores
        assert one.processes >= 2
