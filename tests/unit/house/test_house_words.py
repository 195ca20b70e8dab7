"""House rules about words: those that left for a better one do not come back, and predicates say what they are.

`docs/glossary.md` says which word stands for what; the list here is of words that a reader could not guess.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.unit.house.conftest import PRODUCT

Modules = Callable[..., dict[Path, ast.Module]]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Each had two meanings, or needed its docstring to be guessed. Whole words of a name: `standing_of`, not `outstanding`.
GONE = {
    "alike": "duplicate",
    "cashier": "checkout",
    "comparing": "duplicate search",
    "doubt": "suspected duplicate",
    "doubting": "duplicate check",
    "doubts": "suspected duplicates",
    "happening": "timeline entry",
    "hesitation": "duplicate check",
    "judging": "judgement",
    "odd": "unexpected",
    "owed": "due, unpaid",
    "standing": "status",
    "till": "counter",
    "town": "system",
    "visiting": "checkout return",
}
# Names on the wire are older than the list.
ON_THE_WIRE = {("contracts/error_details.py", "standing")}
PREDICATE = re.compile(r"^_?(is|are|was|were|has|have|may|can|must|knows|needs|allows)_")
WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names that are defined here: classes, functions, their arguments, fields and constants."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id


def words_of(name: str) -> set[str]:
    return {word.lower() for part in name.split("_") for word in WORD.findall(part)}


def test_words_that_left_do_not_come_back(modules: Modules) -> None:
    found = [
        f"{path}:{line}: {name} (say: {GONE[word]})"
        for path, tree in modules(*PRODUCT).items()
        for line, name in names(tree)
        for word in words_of(name) & set(GONE)
        if (str(path), name) not in ON_THE_WIRE
    ]
    assert not found, "one word per thing: docs/glossary.md"


def test_module_names_use_the_words_of_the_glossary(modules: Modules) -> None:
    assert not [str(path) for path in modules(*PRODUCT) if words_of(path.stem) & set(GONE)]


def predicates(tree: ast.Module) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode) and PREDICATE.match(node.name):
            returns = node.returns
            if isinstance(returns, ast.Name) and returns.id == "bool" and ast.get_docstring(node):
                yield node


def test_the_docstring_of_a_predicate_begins_with_return_whether(modules: Modules) -> None:
    found = [
        f"{path}:{node.lineno}: {node.name}"
        for path, tree in modules(*PRODUCT).items()
        for node in predicates(tree)
        if not (ast.get_docstring(node) or "").startswith(("Return whether ", "Whether "))
    ]
    assert not found
