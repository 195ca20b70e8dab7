"""Which rules are mutated, and which tests have to notice: the quick ones, then the real ones for what those let by."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Scope:
    """Modules (a path, or the folder of them) and the stages of tests that watch them.

    `first`: of the first stage those that nearly every mutant falls by.
    """

    path: str
    stages: Sequence[Sequence[str]]
    first: Sequence[str] = ()


def _judgement(*names: str) -> Sequence[str]:
    return [f"tests/integration/payments/test_payments_{name}.py" for name in names]


def _notices(*names: str) -> Sequence[str]:
    """Name the tests of the rules; those of the pages look at thousands of drawings."""
    return [f"tests/unit/notices/test_notices_{name}.py" for name in names]


def _rules(service: str, path: str) -> Scope:
    stated = f"tests/unit/{service}/test_{service}_stated_values.py"
    return Scope(path, [[f"tests/unit/{service}"], [f"tests/integration/{service}"]], first=[stated])


_PROMISES: Final = ("tests/contract/test_contract_frozen_values.py", "tests/contract/test_contract_frozen_messages.py")
_MESSAGES: Final = ("tests/unit/contracts", "tests/contract")
SCOPES: Final = (
    Scope("contracts", [_MESSAGES, ["tests/unit/practices", "tests/unit/payments"]], first=_PROMISES),
    Scope("services/cart/domain.py", [["tests/unit/cart"], ["tests/integration/cart"]]),
    _rules("identity", "services/identity/domain.py"),
    _rules("identity", "services/identity/operators/domain"),
    Scope("services/notices/documents/domain", [_notices("domain", "codes", "notice", "receipt", "stated_values")]),
    Scope("services/notices/mail/domain.py", [_notices("mail", "stated_values"), ["tests/integration/notices"]]),
    _rules("payments", "services/payments/domain"),
    Scope(
        "services/payments/usecases/receipt_judgement.py",
        [_judgement("receipts_first"), _judgement("duplicates", "transfers", "faults", "machine")],
    ),
    _rules("practices", "services/practices/domain"),
    _rules("practices", "services/practices/debt_file"),
    Scope(
        "services/practices/usecases/debt_import.py",
        [[f"tests/integration/practices/test_practices_{name}.py" for name in ("import", "field_cases")]],
    ),
)


def modules_of(scope: Scope, root: Path) -> list[str]:
    """Return the modules of a scope that git knows, from `root`."""
    listed = subprocess.run(["git", "ls-files", scope.path], cwd=root, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if name.endswith(".py")]


def scope_of(module: str) -> Scope:
    """Return the scope that a module lies in."""
    return next(scope for scope in SCOPES if module == scope.path or module.startswith(f"{scope.path}/"))
