"""Sow small changes into modules: `python sowing.py SEED COUNT MODULE...`, with the Python of `.venv-mutants`.

Prints `{"of", "drawn"}`: how many changes cosmic-ray and the two operators below can make, and COUNT of them, drawn by
SEED, as `{"module", "line", "kind", "source"}`, each with the whole text of the changed module. Run in the project's
folder.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Operator as Mark

# Of cosmic-ray's operators those that make a program which still starts: the others are noticed by any test.
NAMES = (
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in (
            *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"),
            *("Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
        )
    ),
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in ("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Mod_FloorDiv")
    ),
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *("NumberReplacer", "ZeroIterationForLoop"),
)
# What stands there changes nothing that a caller could see.
LEFT_ALONE = ("@dataclass", "log = ", '"""', "__all__")


class WithoutMember(Operator):
    """A tuple, list, set or mapping, written out, loses one member."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for _ in members(node) if may_shrink(node) else ():
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        left = [member for place, member in enumerate(members(node)) if place != index]
        node.children = [leaf for member in left for leaf in (*member, Mark(",", node.end_pos))]
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


class WithoutValidator(Operator):
    """`Annotated[str, Length(max=140)]` loses what stands beside the type; a bare type there says nothing."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "subscriptlist" and before(node) == "Annotated":
            for _ in members(node)[1:]:
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[2 * (index + 1)] = Mark(" str", node.start_pos)
        return node

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


OPERATORS = {
    **{name: get_operator(f"core/{name}")() for name in NAMES},
    "WithoutMember": WithoutMember(),
    "WithoutValidator": WithoutValidator(),
}


def members(node: Any) -> list[list[Any]]:
    """The parts of a node between its commas."""
    found: list[list[Any]] = [[]]
    for child in node.children:
        if child.type == "operator" and child.value == ",":
            found.append([])
        else:
            found[-1].append(child)
    return [member for member in found if member]


def may_shrink(node: Any) -> bool:
    """Whether a node lists two members or more, and is not part of a pattern or a comprehension."""
    if node.type not in {"testlist_comp", "dictorsetmaker"} or len(members(node)) < 2:
        return False
    return all(child.type not in {"sync_comp_for", "comp_for"} for child in node.children)


def before(node: Any) -> str:
    """The name in front of a subscript."""
    leaf = node.get_first_leaf().get_previous_leaf()
    return getattr(leaf.get_previous_leaf(), "value", "")


def places(module: str) -> Iterator[tuple[str, str, int, int]]:
    """Every change of one module: the module, the operator's name, its how-manieth place and the line."""
    source = Path(module).read_text(encoding="utf-8")
    lines = source.splitlines()
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in OPERATORS.items():
        starts = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, _) in enumerate(starts):
            if not lines[line - 1].lstrip().startswith(LEFT_ALONE):
                yield module, name, occurrence, line


def change(module: str, name: str, occurrence: int, line: int) -> dict[str, Any]:
    """The change made at a place; its source is None where the operator thinks better of it."""
    source = Path(module).read_text(encoding="utf-8")
    mutated = mutate_code(source, OPERATORS[name], occurrence)
    return {"module": module, "line": line, "kind": name, "source": mutated}


def main() -> None:
    """Draw from all changes, in an order that the seed alone decides. Only what is drawn is written out."""
    seed, count, *modules = sys.argv[1:]
    found = [place for module in sorted(modules) for place in places(module)]
    drawn = random.Random(seed).sample(found, min(int(count), len(found)))
    made = [one for one in (change(*place) for place in drawn) if one["source"]]
    json.dump({"of": len(found), "drawn": made}, sys.stdout)


if __name__ == "__main__":
    main()
