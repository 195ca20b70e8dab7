"""Would the tests notice? Small changes are sown into the rules; nearly each has to make a test fail.

`MUTANTS_SEED` draws others, `MUTANTS_COUNT` more, `MUTANTS_BELOW=services/payments` only those below a path,
`MUTANTS_PART=2/8` is the second eighth of those drawn. `MUTANTS_QUICK=true` asks only the tests without servers: what
they let by may still be noticed by the others. What was noticed is remembered in `build/mutants/noticed.txt`, so that
a run may be cut off and started again; delete it to try all anew. What nobody can notice, because it means the same,
stands with its reason in `equivalent.toml`.
"""

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutants import field
from tests.mutants.field import Mutant
from tests.mutants.scopes import SCOPES, modules_of

SEED = os.environ.get("MUTANTS_SEED", "2026")
COUNT = int(os.environ.get("MUTANTS_COUNT", "200"))
BELOW = os.environ.get("MUTANTS_BELOW", "")
PART, PARTS = map(int, os.environ.get("MUTANTS_PART", "1/1").split("/"))
QUICK = os.environ.get("MUTANTS_QUICK", "") == "true"
GOAL = 0.95
REPORTS = field.ROOT / "build" / "mutants"
EQUIVALENT = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text())["equivalent"]
SIX_HOURS = 6 * 3600


def is_equivalent(mutant: Mutant) -> bool:
    return any(known["module"] == mutant.module and known["change"] == mutant.change for known in EQUIVALENT)


def test_no_scope_is_empty() -> None:
    assert [scope.path for scope in SCOPES if not modules_of(scope, field.ROOT)] == []


def test_what_is_said_to_be_equivalent_still_stands_in_the_code() -> None:
    for known in EQUIVALENT:
        taken_out = [line[2:] for line in known["change"] if line.startswith("- ")]
        lines = {line.strip() for line in (field.ROOT / known["module"]).read_text().splitlines()}
        assert lines.issuperset(taken_out), known


@pytest.mark.timeout(SIX_HOURS)
def test_nearly_every_small_change_of_the_rules_makes_a_test_fail(capfd: pytest.CaptureFixture[str]) -> None:
    field.make_copy()
    of, sown = field.sown(SEED, COUNT, BELOW)
    # A part lies together, so that it needs few of the stages.
    drawn = sorted(sown, key=lambda one: one.module)[len(sown) * (PART - 1) // PARTS : len(sown) * PART // PARTS]
    real = [mutant for mutant in drawn if not is_equivalent(mutant)]
    ledger = field.Ledger(REPORTS / "noticed.txt")
    broken = broken_stages([mutant for mutant in real if not ledger.knows(mutant)])
    judged = [mutant for mutant in real if ledger.knows(mutant) or not broken.intersection(watched_by(mutant))]
    unnoticed = []
    for number, mutant in enumerate(judged, start=1):
        if ledger.knows(mutant):
            continue
        if field.noticed(mutant, quick=QUICK):
            ledger.note(mutant)
            continue
        unnoticed.append(mutant)
        with capfd.disabled():
            print(f"\n{number} of {len(judged)}: nobody noticed {told(mutant)}", flush=True)
    report = REPORTS / f"unnoticed-{SEED}-{PART}-of-{PARTS}.txt"
    report.write_text("\n\n".join(map(told, unnoticed)) + "\n")
    score = 1 - len(unnoticed) / max(1, len(judged))
    with capfd.disabled():
        print(f"\nmutants, seed {SEED}, part {PART}/{PARTS}: {len(judged)} of {of} judged,", end=" ")
        print(f"{len(drawn) - len(real)} equivalent")
        print(f"noticed: {len(judged) - len(unnoticed)} = {score:.1%}; the others: {report}")
    assert not broken, "these fail without any mutant, and what they watch was not tried"
    assert score >= GOAL


def watched_by(mutant: Mutant) -> set[tuple[str, ...]]:
    return set(map(tuple, field.watching(mutant.module, quick=QUICK)))


def broken_stages(mutants: Sequence[Mutant]) -> set[tuple[str, ...]]:
    """Return the stages that fail without any mutant: they tell nothing of one. The others are asked all the same."""
    broken = set()
    for number, stage in enumerate(sorted({stage for mutant in mutants for stage in watched_by(mutant)})):
        if not field.passes(stage):
            broken.add(stage)
            field.OUTPUT.replace(REPORTS / f"broken-{number}.log")
    return broken


def told(mutant: Mutant) -> str:
    return "\n".join([f"{mutant.module}:{mutant.line} {mutant.kind}", *mutant.change])
