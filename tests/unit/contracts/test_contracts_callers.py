"""contracts/callers.py says who calls whom; the broker's users are made from it."""

import ast
from importlib import import_module
from types import ModuleType

from contracts.call import Call
from contracts.callers import CALLS, SERVICES
from dev.paths import ROOT


def test_who_calls_whom_is_what_the_code_calls() -> None:
    """`rpc.call(practices.GET_MANY, …)` and `rpc.call(POSITIONS, …)`, by the module the call's description is of."""
    for service in SERVICES:
        called: set[str] = set()
        for file in sorted((ROOT / "services" / service).rglob("*.py")):
            called |= services_called_in(ast.parse(file.read_text(encoding="utf-8")))
        assert called - {service} == set(CALLS[service]), service


def services_called_in(tree: ast.Module) -> set[str]:
    modules: dict[str, ModuleType] = {}
    names: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contracts.rpc"):
            for one in node.names:
                if node.module == "contracts.rpc":
                    modules[one.asname or one.name] = import_module(f"contracts.rpc.{one.name}")
                else:
                    names[one.asname or one.name] = getattr(import_module(node.module or ""), one.name)
    found: set[str] = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "call"
            and node.args
        ):
            first = node.args[0]
            described = (
                getattr(modules.get(first.value.id), first.attr, None)
                if isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name)
                else names.get(first.id)
                if isinstance(first, ast.Name)
                else None
            )
            if isinstance(described, Call):
                found.add(described.service)
    return found
