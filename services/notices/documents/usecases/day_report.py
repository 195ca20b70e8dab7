"""The reconciliation report of a day as a document for the body's accounting: what it says, and how it comes about."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from contracts.rpc import practices, settlement
from services.notices.documents.domain.content import ROME
from services.notices.documents.usecases.documents import Parts

KIND: Final = "day_report"


@dataclass(frozen=True)
class Row:
    """One transfer. `finding` None: nobody has looked at it yet."""

    iuv: str
    iur: str
    index: int | None
    outcome: int
    finding: str | None
    amount_cents: int


@dataclass(frozen=True)
class FlowReport:
    """A flow, its rows, and what the bank credited under its id."""

    flow_id: str
    sender: str
    regulation_id: str
    rows: tuple[Row, ...]
    total_cents: int
    credited_cents: int
    credit_reference: str | None
    reconciled: bool


@dataclass(frozen=True)
class DayReport:
    """A day of settlement of a body. `made_at` in Europe/Rome."""

    language: str
    body_name: str
    body_fiscal_code: str
    day: date
    made_at: datetime
    flows: tuple[FlowReport, ...]
    total_cents: int
    credited_cents: int

    def by_finding(self) -> Iterator[tuple[str | None, int, int]]:
        """Yield every finding with how many rows turned out so and what they amount to."""
        rows = [row for flow in self.flows for row in flow.rows]
        for finding in sorted({row.finding for row in rows}, key=str):
            of_it = [row.amount_cents for row in rows if row.finding == finding]
            yield finding, len(of_it), sum(of_it)


def day_report(parts: Parts, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the report as PDF. It is drawn anew each time: flows and credits of a day still come in."""
    entity = parts.rpc.call(practices.ENTITY, {"entity_code": request["entity_code"]})
    asked = {"entity_code": request["entity_code"], "day": request["day"]}
    report = _compose(request, entity["creditor"], parts.rpc.call(settlement.DAY, asked), now)
    pdf = parts.renderers.render(to_json(report))
    return {
        "file_name": f"riconciliazione_{request['entity_code']}_{request['day']:%Y-%m-%d}.pdf",
        "media_type": "application/pdf",
        "content_base64": base64.b64encode(pdf).decode(),
    }


def to_json(report: DayReport) -> dict[str, Any]:
    """Make the form that travels to the renderer; `from_json` is its inverse."""
    text = json.dumps({"kind": KIND, "content": asdict(report)}, default=lambda moment: moment.isoformat())
    result: dict[str, Any] = json.loads(text)
    return result


def from_json(document: Mapping[str, Any]) -> DayReport:
    """Rebuild the report that `to_json` wrote."""
    content = document["content"]
    told = {
        "day": date.fromisoformat(content["day"]),
        "made_at": datetime.fromisoformat(content["made_at"]).astimezone(ROME),
        "flows": _flows(content["flows"]),
    }
    return DayReport(**{**content, **told})


def _compose(
    request: Mapping[str, Any], creditor: Mapping[str, Any], told: Mapping[str, Any], now: datetime
) -> DayReport:
    return DayReport(
        language=request["language"],
        body_name=creditor["company_name"],
        body_fiscal_code=creditor["fiscal_code"],
        day=request["day"],
        made_at=now.astimezone(ROME),
        flows=_flows(told["flows"]),
        total_cents=told["total_cents"],
        credited_cents=told["credited_cents"],
    )


def _flows(flows: Sequence[Mapping[str, Any]]) -> tuple[FlowReport, ...]:
    names = [name for name in FlowReport.__dataclass_fields__ if name != "rows"]
    return tuple(
        FlowReport(**{name: flow[name] for name in names}, rows=tuple(_row(row) for row in flow["rows"]))
        for flow in flows
    )


def _row(row: Mapping[str, Any]) -> Row:
    return Row(**{name: row[name] for name in Row.__dataclass_fields__})
