"""House rules about names: one word per thing, and a module says what it holds."""

from pathlib import Path

from tests.unit.house.conftest import OURS, ROOT

# Modules are named after what they hold; these nouns end in -ing by themselves.
NOUNS = {
    "testing",  # dev/testing: the field's own word for running tests
}
# Each leaves with the renaming of its own room; none may be added.
LEAVING = {
    "benchmarks/node_scaling.py",
    "gateway/api/paging.py",
    "gateway/api/resources/printing.py",
    "gateway/printed/copying.py",
    "gateway/printed/merging.py",
    "gateway/printed/zipping.py",
    "gateway/web/paying.py",
    "sandbox/mail/receiving.py",
    "sandbox/pagopa/demanding.py",
    "sandbox/pagopa/paying.py",
    "sandbox/pagopa/steering.py",
    "services/identity/saml/signing.py",
    "services/notices/domain/composing.py",
    "services/notices/domain/keeping.py",
    "services/notices/mail/queueing.py",
    "services/notices/mail/sending.py",
    "services/notices/rendering",
    "services/notices/rendering/fitting.py",
    "services/notices/rendering/writing.py",
    "services/payments/settlement/reading.py",
    "services/payments/usecases/checkouts/doubting.py",
    "services/payments/usecases/checkouts/ending.py",
    "services/payments/usecases/checkouts/opening.py",
    "services/payments/usecases/checkouts/reserving.py",
    "services/payments/usecases/checkouts/visiting.py",
    "services/payments/usecases/demanding.py",
    "services/payments/usecases/fetching.py",
    "services/payments/usecases/judging.py",
    "services/payments/usecases/showing.py",
    "services/practices/domain/standing.py",
    "services/practices/usecases/comparing.py",
    "services/practices/usecases/demanding.py",
    "services/practices/usecases/expiring.py",
    "services/practices/usecases/following.py",
    "services/practices/usecases/importing.py",
    "services/practices/usecases/inserting.py",
    "services/practices/usecases/showing.py",
}
# What starts, tests or builds something is a developer's program.
LAUNCHER = {"run", "cli", "locks", "launcher", "testing", "supervisor", "assets", "postgres", "banner"}


def python_names(files: list[Path]) -> set[Path]:
    """Our modules and the folders they are in, under the root."""
    ours = {path.relative_to(ROOT) for path in files if path.suffix == ".py"}
    modules = {path for path in ours if path.parts[0] in OURS and "versions" not in path.parts}
    return modules | {folder for path in modules for folder in path.parents if folder.name}


def test_no_module_is_named_after_an_activity(files: list[Path]) -> None:
    found = {str(path) for path in python_names(files) if path.stem.endswith("ing") and path.stem not in NOUNS}
    assert found <= LEAVING, "name a module after what it holds: duplicate_check, not doubting"


def test_the_sandbox_has_no_launcher(files: list[Path]) -> None:
    sandbox = {path for path in python_names(files) if path.parts[0] == "sandbox"}
    assert not [str(path) for path in sandbox if path.stem in LAUNCHER]
