"""House rules about code that no linter knows."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.unit.house.conftest import OURS, PRODUCT

LONGEST_FUNCTION_LINES = 60
# JSON columns and foreign documents; what crosses a seam of ours is a message.
MOST_UNTYPED_DICTIONARIES = 60
Modules = Callable[..., dict[Path, ast.Module]]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

MONEY = re.compile(r"amount|cents|importo", re.IGNORECASE)
# A catch-all name says nothing about what belongs in the module.
CATCH_ALL = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "shared"}
ENTRYPOINTS = {"answers", "on_event", "on_events", "every", "decides_every"}
# Timers that may go by their own process's clock: nothing ends or is deleted by it.
TIMERS_OF_OWN_CLOCK = {
    "resolve_waiting_receipts",  # the time is noted, and decides nothing
    "match_pending_settlements",  # the same
    "refresh_registry",  # what this process trusts, in its memory
    "print_jobs",  # the time is noted, and decides nothing
    "fetch_registry",  # the same
    "fetch_settlements",  # the same
    "tell_changed_services",  # the same
}
# Who else reads the clock of its own process, and why nothing ends or is deleted by it.
READERS_OF_OWN_CLOCK = {
    "chassis/watchdog.py": "a line of the log",
    "chassis/health.py": "a figure",
    "chassis/embedded/system.py": "from when on events are sent again, by hand",
    "chassis/messaging/replay.py": "the same",
    "chassis/messaging/outbox_replay.py": "the same",
    "chassis/messaging/relay.py": "when an event was relayed, and a figure; what is deleted goes by the database",
    "chassis/runtime/entrypoints.py": "compared with the database's time",
    "chassis/runtime/event_handler.py": "when a message was put aside",
    "services/identity/settings.py": "what this process trusts, in its memory",
    "services/identity/__main__.py": "what a person at a terminal makes: a certificate, an invitation, a registry",
    "services/notices/__main__.py": "when a person at a terminal sent a mail again, and when one came back",
    "services/payments/outbound.py": "compared with the database's time before each piece of work",
    "services/payments/webhooks/process.py": "the same",
    "services/practices/import_worker.py": "when a practice was made or annulled by its entity",
}
CONTRACTS_MAY_IMPORT = {"contracts", "marshmallow", "stdnum"}


def functions(tree: ast.Module) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            yield node


def body_lines(function: FunctionNode) -> int:
    """Lines of a function without its decorators and docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or 0) - first.lineno + 1


def mentions_money(node: ast.AST) -> bool:
    names = [child.id for child in ast.walk(node) if isinstance(child, ast.Name)]
    names += [child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute)]
    names += [child.arg for child in ast.walk(node) if isinstance(child, ast.arg)]
    return any(MONEY.search(name) for name in names)


def uses_float(node: ast.AST | None) -> bool:
    return node is not None and any(isinstance(child, ast.Name) and child.id == "float" for child in ast.walk(node))


def is_float_near_money(node: ast.AST) -> bool:
    match node:
        case ast.AnnAssign():
            return uses_float(node.annotation) and mentions_money(node.target)
        case ast.arg():
            return uses_float(node.annotation) and bool(MONEY.search(node.arg))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return uses_float(node.returns) and "cents" in node.name
        case ast.Call():
            return uses_float(node.func) and any(mentions_money(argument) for argument in node.args)
        case ast.BinOp(op=ast.Div()):
            return mentions_money(node) and not makes_decimal(node)
        case _:
            return False


def makes_decimal(node: ast.AST) -> bool:
    return any(isinstance(child, ast.Name) and child.id == "Decimal" for child in ast.walk(node))


def test_money_is_never_a_float(modules: Modules) -> None:
    found = [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path, tree in modules(*OURS).items()
        if "pdf" not in path.parts  # there an amount is also a place on the page, in points
        for node in ast.walk(tree)
        if is_float_near_money(node)
    ]
    assert not found, "amounts are integer cents (design section 3)"


def test_no_module_has_a_catch_all_name(files: list[Path]) -> None:
    assert not [str(path) for path in files if path.suffix == ".py" and path.stem in CATCH_ALL]


def test_every_entrypoint_says_what_it_is_for(modules: Modules) -> None:
    missing = [
        f"{path}: {function.name}"
        for path, tree in modules("services").items()
        for function in functions(tree)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id in ENTRYPOINTS
        and not ast.get_docstring(function)
    ]
    assert not missing


def test_no_timer_decides_by_the_clock_of_its_own_process(modules: Modules) -> None:
    readers = {
        function.name
        for tree in modules("services", "chassis").values()
        for function in functions(tree)
        if any("every(" in ast.unparse(decorator) for decorator in function.decorator_list)
        and any(isinstance(node, ast.Call) and ast.unparse(node.func).endswith("now") for node in ast.walk(function))
    }
    assert readers == TIMERS_OF_OWN_CLOCK


def test_whoever_reads_its_own_clock_has_a_reason(modules: Modules) -> None:
    readers = {
        path.as_posix()
        for path, tree in modules("services", "chassis").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "clock.now"
    }
    assert readers == set(READERS_OF_OWN_CLOCK)


def test_every_function_fits_a_screen(modules: Modules) -> None:
    too_long = [
        f"{path}:{function.lineno} {function.name}: {body_lines(function)} lines"
        for path, tree in modules(*OURS).items()
        if "versions" not in path.parts  # a first migration lists every table
        for function in functions(tree)
        if body_lines(function) > LONGEST_FUNCTION_LINES
    ]
    assert not too_long


def test_dictionaries_of_anything_stay_few(modules: Modules) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules(*PRODUCT).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and ast.unparse(node) == "dict[str, Any]"
    ]
    assert len(found) < MOST_UNTYPED_DICTIONARIES, found


def test_contracts_imports_only_marshmallow_stdnum_and_the_standard_library(modules: Modules) -> None:
    imported = {
        name.split(".")[0]
        for tree in modules("contracts").values()
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) <= CONTRACTS_MAY_IMPORT


def test_only_service_modules_and_the_chassis_import_nameko(modules: Modules) -> None:
    importing = [
        str(path)
        for path, tree in modules(*PRODUCT, "sandbox", "dev").items()
        if path.parts[0] != "chassis" and path.name != "service.py"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "nameko" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nameko")
    ]
    assert not importing


def test_no_clock_is_read_outside_the_edges(modules: Modules) -> None:
    reading = [
        f"{path}:{node.lineno}"
        for path, tree in modules("services", "contracts").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    ]
    assert not reading, "`now` is passed in"


def test_nothing_is_cached_by_a_property_that_locks_its_whole_class(modules: Modules) -> None:
    """Before Python 3.12 one thread computes a `cached_property` at a time, whatever object it is of."""
    using = [
        f"{path}:{node.lineno}"
        for path, tree in modules(*PRODUCT).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) == "cached_property"
    ]
    assert not using
