"""Migrations that would hurt the release before: `python -m dev.migration_risks`.

While a deploy rolls, old processes work on the new schema. A migration newer than the last release may therefore
neither hold a lock on a table while it works through it, nor take away what the old code names. squawk knows the locks;
what it does not look for is added here. A risk that is taken all the same is stated in the migration itself, with its
reason: `ACCEPTED_RISKS = {"rule-name": "why"}`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic.script import Script

from chassis.storage import migrations

RELEASED: Final[Mapping[str, str]] = {
    "cart": "0001",
    "identity": "0006",
    "notices": "0004",
    "payments": "0004",
    "practices": "0003",
}
"""The newest revision of each service in the last release. Whoever makes a release moves it."""

_RULES: Final = frozenset(
    {
        "adding-field-with-default",
        "adding-foreign-key-constraint",
        "adding-not-nullable-field",
        "adding-required-field",
        "ban-drop-column",
        "ban-drop-not-null",
        "ban-drop-table",
        "ban-truncate-cascade",
        "changing-column-type",
        "constraint-missing-not-valid",
        "disallowed-unique-constraint",
        "renaming-column",
        "renaming-table",
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
    }
)
"""Of squawk's rules, those about locks and about what goes away. Its others are about taste, or about time-outs, which
`chassis.storage.migrations` sets for all."""
_OURS: Final = {
    # An UPSERT of the release before names its columns: without a unique index on them PostgreSQL refuses it.
    "drops-a-unique-index": re.compile(r"^DROP INDEX (CONCURRENTLY )?(IF EXISTS )?ux_|DROP CONSTRAINT", re.MULTILINE),
    "rewrites-rows": re.compile(r"^(UPDATE|DELETE FROM) (?!alembic_version)", re.MULTILINE),
}


@dataclass(frozen=True)
class Risk:
    """What a revision would do to the release before. `reason` is why it is taken; None where it is not."""

    service: str
    revision: str
    rule: str
    message: str
    reason: str | None


def risks_of(service: str, revision: Script) -> Iterator[Risk]:
    """Find the risks of one revision."""
    accepted: Mapping[str, str] = getattr(revision.module, "ACCEPTED_RISKS", {})
    found = _found(migrations.sql_of(service, revision.revision))
    for rule, message in found.items():
        yield Risk(service, revision.revision, rule, message, accepted.get(rule))
    for rule in accepted.keys() - found.keys():
        yield Risk(service, revision.revision, rule, "accepted, but not there: take it out", None)


def _found(sql: str) -> dict[str, str]:
    """Return a message for each rule that the statements break."""
    squawk = Path(sys.executable).with_name("squawk")
    done = subprocess.run(
        [squawk, "--reporter=json", "--stdin-filepath=migration.sql"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    warnings = json.loads(done.stdout or "[]")
    if done.returncode and not warnings:
        raise RuntimeError(done.stderr)
    found = {one["rule_name"]: one["message"] for one in warnings if one["rule_name"] in _RULES}
    broken = {rule: "old processes may need it, or wait" for rule, sign in _OURS.items() if sign.search(sql)}
    return found | broken


def all_risks() -> list[Risk]:
    """Find the risks of everything newer than the last release."""
    return [
        risk
        for service in migrations.services_with_migrations()
        for revision in migrations.revisions_of(service)
        if revision.revision > RELEASED.get(service, "")
        for risk in risks_of(service, revision)
    ]


def main() -> int:
    """Print all risks; fail where one is not accepted."""
    risks = all_risks()
    for risk in risks:
        sys.stdout.write(f"{risk.service} {risk.revision} {risk.rule}: {risk.reason or risk.message}\n")
    untaken = [risk for risk in risks if risk.reason is None]
    sys.stdout.write(f"{len(risks) - len(untaken)} accepted, {len(untaken)} to mend\n")
    return 1 if untaken else 0


if __name__ == "__main__":
    sys.exit(main())
