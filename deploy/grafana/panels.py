"""Panels, rows and dashboards, and the JSON that Grafana reads them from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Json = dict[str, Any]
Kind = Literal["timeseries", "stat", "table", "bargauge"]

_COLUMNS: Final = 24
_ROW_HEIGHT: Final = 1
_PANEL_HEIGHT: Final = 8
_SCHEMA_VERSION: Final = 39
# Whoever imports the dashboards chooses the source: no address stands in them.
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """One picture. `queries` maps a legend, with `{{label}}` in it, to its expression; `unit` is Grafana's name of one.

    `alarm` is where the colour turns to red.
    """

    title: str
    queries: Mapping[str, str]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 8
    alarm: float | None = None
    about: str = ""


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Dashboard:
    """What one audience looks at. `uid` is its address and never changes."""

    uid: str
    title: str
    about: str
    rows: Sequence[Row]
    refresh: str = "1m"
    span: str = "now-6h"


def to_json(dashboard: Dashboard) -> Json:
    """Return what Grafana imports."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": ["portal"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": False,
        "refresh": dashboard.refresh,
        "time": {"from": dashboard.span, "to": "now"},
        "timezone": "Europe/Rome",
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Source"}]
        },
        "panels": _placed(dashboard.rows),
    }


def _placed(rows: Sequence[Row]) -> list[Json]:
    """Put panels from left to right, and below each other where a line is full."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        placed.append(_row(row.title, len(placed) + 1, y))
        y += _ROW_HEIGHT
        x = 0
        for panel in row.panels:
            if x + panel.width > _COLUMNS:
                x, y = 0, y + _PANEL_HEIGHT
            placed.append(_panel(panel, len(placed) + 1, x, y))
            x += panel.width
        y += _PANEL_HEIGHT
    return placed


def _row(title: str, number: int, y: int) -> Json:
    place = {"h": _ROW_HEIGHT, "w": _COLUMNS, "x": 0, "y": y}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}


def _panel(panel: Panel, number: int, x: int, y: int) -> Json:
    made: Json = {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": {"h": _PANEL_HEIGHT, "w": panel.width, "x": x, "y": y},
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "targets": [
            _target(chr(ord("A") + place), legend, expression, is_instant=panel.kind != "timeseries")
            for place, (legend, expression) in enumerate(panel.queries.items())
        ],
    }
    if panel.kind == "table":
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": {"Time": True}}}]
    return made


def _defaults(panel: Panel) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if panel.alarm is not None:
        steps.append({"color": "red", "value": panel.alarm})
    return {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}


def _target(letter: str, legend: str, expression: str, *, is_instant: bool) -> Json:
    return {
        "refId": letter,
        "datasource": _SOURCE,
        "expr": expression,
        "legendFormat": legend,
        "instant": is_instant,
        "range": not is_instant,
        "format": "table" if is_instant and "{{" in legend else "time_series",
    }
