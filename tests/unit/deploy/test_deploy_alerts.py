"""Alerts: each has a page and tests that make it fire and keep it quiet; each asks for what the code gives."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.errors import ErrorCode
from services.notices.mail.domain import State
from tests.unit.deploy.code_metrics import asked, metrics, modules_with_metrics, unknown_in
from tests.unit.deploy.rendered_chart import ROOT
from tests.unit.house.test_house_docs import text_of

PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
# Writes what a process that imported these modules would tell Prometheus.
TELL = """
import importlib, sys
from prometheus_client import REGISTRY
for module in sys.argv[1:]:
    importlib.import_module(module)
for family in REGISTRY.collect():
    print(family.name + {"counter": "_total", "histogram": "_histogram"}.get(family.type, ""))
"""
SECTIONS = ["What it means", "How to see", "What to do", "How to know it is over"]
FEWEST = 12


def yaml_files(folder: str) -> Iterator[dict[str, Any]]:
    for file in sorted((PROMETHEUS / folder).glob("*.yaml")):
        yield yaml.safe_load(file.read_text(encoding="utf-8"))


RULES = {rule["alert"]: rule for file in yaml_files("rules") for group in file["groups"] for rule in group["rules"]}
each_alert = pytest.mark.parametrize("alert", RULES)


def page_of(alert: str) -> Path:
    page: str = RULES[alert]["annotations"]["runbook"]
    return ROOT / page


def outcomes(alert: str) -> list[bool]:
    """Whether the alert fires, for each time that promtool looks at it."""
    looks = [look for file in yaml_files("tests") for test in file["tests"] for look in test["alert_rule_test"]]
    return [bool(look["exp_alerts"]) for look in looks if look["alertname"] == alert]


def test_there_are_enough_of_them() -> None:
    assert len(RULES) >= FEWEST


@each_alert
def test_an_alert_says_how_urgent_it_is_and_what_happens(alert: str) -> None:
    assert RULES[alert]["labels"]["severity"] in {"page", "ticket"}
    assert RULES[alert]["annotations"]["summary"]


@each_alert
def test_an_alert_has_its_page(alert: str) -> None:
    page = page_of(alert)
    assert page.parent == RUNBOOKS
    assert page.stem == re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower()
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == SECTIONS
    assert all(len(section.split()) > 4 for section in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:])
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert f"| [{alert}]({page.name}) | {RULES[alert]['labels']['severity']} |" in index


def test_every_page_is_of_an_alert() -> None:
    assert {page_of(alert) for alert in RULES} == set(RUNBOOKS.glob("*.md")) - {RUNBOOKS / "README.md"}


@each_alert
def test_an_alert_is_tried_firing_and_quiet(alert: str) -> None:
    assert {True, False} == set(outcomes(alert))


@each_alert
def test_an_alert_asks_for_what_the_code_gives(alert: str) -> None:
    assert not unknown_in(RULES[alert]["expr"])


@each_alert
def test_labels_an_alert_looks_for_have_values_the_code_writes(alert: str) -> None:
    codes = {"ok", *(code.value for code in ErrorCode)}
    calls = set(yaml.safe_load((ROOT / "tests/contract/frozen/calls.json").read_text()))
    for _, label, value in asked(RULES[alert]["expr"]).matchers:
        words = set(value.split("|"))
        if label == "outcome":
            assert words <= codes
        elif label == "method":
            assert all(any(re.fullmatch(word, call) for call in calls) for word in words)
        elif label == "state":
            assert words <= {state.value for state in State}


@pytest.mark.parametrize(
    ("expression", "unknown"),
    [
        ("sum(rate(no_such_total[5m]))", {"no_such_total"}),
        ('outbox_depth{servise="cart"}', {"outbox_depth{servise}"}),
        ("sum by (state) (outbox_depth)", {"state"}),
        ("max by (service) (outbox_depth) > 5", set()),
    ],
)
def test_what_nobody_gives_is_found(expression: str, unknown: set[str]) -> None:
    assert unknown_in(expression) == unknown


def test_the_processes_tell_the_metrics_that_were_read_from_the_code() -> None:
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules_with_metrics()]
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TELL, *modules],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {name for name in metrics() if not name.endswith(("_bucket", "_count", "_sum"))} - {"up"} == {
        name for name in told if not name.startswith(("python_", "process_")) and not name.endswith("_histogram")
    }
    families = {name.removesuffix("_histogram") for name in told if name.endswith("_histogram")}
    assert {f"{name}_bucket" for name in families} == {name for name in metrics() if name.endswith("_bucket")}


def test_the_metrics_are_found_however_they_end() -> None:
    assert {"rpc_served_seconds_bucket", "gateway_requests_total", "outbox_depth", "mails_total"} <= set(metrics())
    assert metrics()["rpc_called_seconds_count"] >= {"method", "outcome"}


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_what_a_page_greps_for_is_written_by_the_code(page: Path) -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("chassis", "services", "gateway", "deploy/helm")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".tpl"}
    )
    for line in re.findall(r"kubectl .* logs .*", text_of(page.relative_to(ROOT))):
        for pattern in re.findall(r"grep (?:-E )?'?\"?([\w()|]+)", line):
            for word in re.sub(r"\((.*)\)", lambda match: match[1].replace("|", " "), pattern).split():
                assert re.search(rf"\"[\w]*{word}|{word}", source), f"{page.name}: {word}"
