"""Dashboards: the files are what the code makes, and ask for what the product gives."""

import json
import re
from collections.abc import Iterator
from itertools import combinations

import pytest
import yaml

from contracts.errors import ErrorCode
from deploy.grafana.dashboards import DASHBOARDS, FOLDER, file_of, text_of
from deploy.grafana.panels import Dashboard, Json, Panel, Row, to_json
from tests.unit.deploy.code_metrics import asked, metrics, unknown_in
from tests.unit.deploy.rendered_chart import ROOT

each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.uid)


def panels(dashboard: Dashboard) -> Iterator[Panel]:
    for row in dashboard.rows:
        yield from row.panels


def expressions(dashboard: Dashboard) -> Iterator[str]:
    for panel in panels(dashboard):
        yield from panel.queries.values()


@each_dashboard
def test_the_file_is_what_the_code_makes(dashboard: Dashboard) -> None:
    assert file_of(dashboard).read_text(encoding="utf-8") == text_of(dashboard), "./portal generate"


def test_there_is_no_other_file() -> None:
    assert set(FOLDER.glob("*.json")) == {file_of(dashboard) for dashboard in DASHBOARDS}


def test_there_is_one_for_each_audience() -> None:
    assert [dashboard.title for dashboard in DASHBOARDS] == ["On call", "Body", "Capacity"]
    assert len({dashboard.uid for dashboard in DASHBOARDS}) == len(DASHBOARDS)


@each_dashboard
def test_a_dashboard_asks_for_what_the_code_gives(dashboard: Dashboard) -> None:
    for expression in expressions(dashboard):
        assert asked(expression).metrics, expression
        assert not unknown_in(expression), expression


@each_dashboard
def test_outcomes_methods_and_consumers_are_the_codes(dashboard: Dashboard) -> None:
    calls = yaml.safe_load((ROOT / "tests/contract/frozen/calls.json").read_text())
    queues = (ROOT / "tests/contract/frozen/queues.txt").read_text()
    codes = {"ok", "done", *(code.value for code in ErrorCode)}
    for expression in expressions(dashboard):
        for _, label, value in asked(expression).matchers:
            if label == "method":
                assert value in calls
            elif label == "outcome":
                assert value in codes
            elif label == "consumer":
                assert f"--{value}\n" in queues


@each_dashboard
def test_a_legend_names_labels_that_are_left(dashboard: Dashboard) -> None:
    for panel in panels(dashboard):
        for legend, expression in panel.queries.items():
            named = set(re.findall(r"\{\{(\w+)\}\}", legend))
            assert named <= asked(expression).grouped_by, f"{panel.title}: {legend}"


@each_dashboard
def test_no_panel_lies_over_another(dashboard: Dashboard) -> None:
    places = [panel["gridPos"] for panel in to_json(dashboard)["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


def overlap(one: Json, other: Json) -> bool:
    return bool(
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def test_panels_that_do_not_fit_begin_a_new_line() -> None:
    wide = Panel("wide", {"up": "up"}, width=16)
    made = to_json(Dashboard("x", "X", "", [Row("row", [wide, wide])]))["panels"]
    assert [panel["gridPos"]["y"] for panel in made] == [0, 1, 9]


def test_every_metric_of_the_product_is_looked_at() -> None:
    shown = {metric for dashboard in DASHBOARDS for one in expressions(dashboard) for metric in asked(one).metrics}
    families = {re.sub(r"_(bucket|count|sum)$", "", metric) for metric in shown}
    assert {re.sub(r"_(bucket|count|sum)$", "", metric) for metric in metrics()} == families


def test_what_runbooks_say_of_dashboards_is_there() -> None:
    titles = {dashboard.title: [panel.title for panel in panels(dashboard)] for dashboard in DASHBOARDS}
    words = {*titles, *(title for found in titles.values() for title in found)}
    for page in (ROOT / "docs" / "runbooks").glob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            if "dashboard" in line.lower():
                assert set(re.findall(r"\*([^*]+)\*", line)) <= words, page.name


@each_dashboard
def test_no_address_stands_in_a_dashboard(dashboard: Dashboard) -> None:
    text = json.dumps(to_json(dashboard))
    assert "://" not in text
    assert "${datasource}" in text
