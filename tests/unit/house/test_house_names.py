"""House rules about names: one word per thing, and a module says what it holds."""

from pathlib import Path

from tests.unit.house.conftest import OURS, ROOT

# Modules are named after what they hold; these nouns end in -ing by themselves.
NOUNS = {
    "testing",  # dev/testing: the field's own word for running tests
    "messaging",  # chassis/messaging: the field's own word for what goes over a broker
    "typing",  # tests/typing: what the type checker refuses
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
    assert not found, "name a module after what it holds: duplicate_check, not doubting"


def test_the_sandbox_has_no_launcher(files: list[Path]) -> None:
    sandbox = {path for path in python_names(files) if path.parts[0] == "sandbox"}
    assert not [str(path) for path in sandbox if path.stem in LAUNCHER]
