"""The metrics the product has, read from its code, and what an expression of PromQL asks for."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.unit.deploy.rendered_chart import ROOT

PRODUCT: Final = ("chassis", "services", "gateway")
KINDS: Final = {"Counter": ("_total",), "Gauge": ("",), "Histogram": ("_bucket", "_count", "_sum")}
# Labels that Prometheus adds to what a process tells, and that of a histogram's edges.
OF_PROMETHEUS: Final = frozenset({"job", "namespace", "pod", "le"})
OTHERS: Final[Mapping[str, frozenset[str]]] = {"up": OF_PROMETHEUS}
WORDS: Final = frozenset(
    (
        "absent",
        "and",
        "avg",
        "by",
        "clamp_min",
        "count",
        "histogram_quantile",
        "hour",
        "increase",
        "label_replace",
        "max",
        "min",
        "offset",
        "on",
        "or",
        "rate",
        "sum",
        "topk",
        "unless",
        "vector",
        "without",
    )
)
STRING: Final = re.compile(r'"[^"]*"')
SELECTOR: Final = re.compile(r"(?P<metric>[a-z_:]+)\{(?P<labels>[^}]*)\}")
MATCHER: Final = re.compile(r'(\w+) *(?:=~|!~|!=|=) *"([^"]*)"')
GROUPING: Final = re.compile(r"\b(?:by|without|on) *\(([^)]*)\)")


@dataclass(frozen=True)
class Asked:
    """What an expression asks for: metrics, and label values by metric."""

    metrics: frozenset[str]
    matchers: tuple[tuple[str, str, str], ...]
    grouped_by: frozenset[str]


@cache
def modules_with_metrics() -> tuple[Path, ...]:
    """The modules that make metrics."""
    paths = (path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(path for path in paths if "prometheus_client import" in path.read_text(encoding="utf-8"))


@cache
def metrics() -> Mapping[str, frozenset[str]]:
    """Every name Prometheus sees, to its labels."""
    found: dict[str, frozenset[str]] = {}
    for path in modules_with_metrics():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS and node.args:
                name = ast.literal_eval(node.args[0])
                labels = frozenset(ast.literal_eval(node.args[2]) if len(node.args) > 2 else ())
                for ending in KINDS[node.func.id]:
                    found[f"{name.removesuffix(ending)}{ending}"] = labels | OF_PROMETHEUS
    return {**found, **OTHERS}


def asked(expression: str) -> Asked:
    """Read an expression as far as rules and dashboards use the language."""
    matchers = [
        (selector["metric"], label, value)
        for selector in SELECTOR.finditer(expression)
        for label, value in MATCHER.findall(selector["labels"])
    ]
    grouped_by = {label.strip() for labels in GROUPING.findall(expression) for label in labels.split(",")}
    bare = GROUPING.sub(" ", re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", STRING.sub(" ", expression)))
    names = set(re.findall(r"(?<![\w$.])[a-z_]+(?!\w)", bare)) - WORDS
    return Asked(frozenset(names), tuple(matchers), frozenset(grouped_by - {""}))


def unknown_in(expression: str) -> set[str]:
    """Return the metrics and labels an expression asks for and nobody gives."""
    found = asked(expression)
    unknown = set(found.metrics) - set(metrics())
    unknown |= {f"{metric}{{{label}}}" for metric, label, _ in found.matchers if label not in metrics().get(metric, ())}
    given = {label for metric in found.metrics for label in metrics().get(metric, ())}
    made = set(re.findall(r'label_replace\(.*?, "(\w+)"', expression))
    return unknown | (found.grouped_by - given - made)
