"""How a flow that was read in a process of its own comes back: values of JSON, one a line, the rows in batches."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from contracts.errors import ErrorCode, ReceivedParams, Refused
from services.payments.domain.settlements import Flow, FlowRow, Outcome, UnreadRow

# Read and stored in the process that answers the node: few enough to keep it no longer than a question of the node.
BATCH_ROWS: Final = 1_000


def flow_line(flow: Flow) -> dict[str, Any]:
    """Write a flow without its rows."""
    return {
        "flow_id": flow.flow_id,
        "flow_at": flow.flow_at.isoformat(),
        "revision": flow.revision,
        "regulation_id": flow.regulation_id,
        "settled_on": flow.settled_on.isoformat(),
        "sender_id": flow.sender_id,
        "sender_name": flow.sender_name,
        "receiver_fiscal_code": flow.receiver_fiscal_code,
        "count": flow.count,
        "total_cents": flow.total_cents,
        "unread": [[row.position, row.reason] for row in flow.unread],
    }


def read_flow_line(told: dict[str, Any], rows: tuple[FlowRow, ...]) -> Flow:
    """Read a flow, whose rows have been read. Raises Refused where it was refused."""
    if "refused" in told:
        raise Refused(ErrorCode(told["refused"]), ReceivedParams(told["params"]))
    settled_on, flow_at = date.fromisoformat(told["settled_on"]), datetime.fromisoformat(told["flow_at"])
    unread = tuple(UnreadRow(position, reason) for position, reason in told["unread"])
    return Flow(**{**told, "settled_on": settled_on, "flow_at": flow_at, "rows": rows, "unread": unread})


def refusal_line(refused: Refused) -> dict[str, Any]:
    """Write why a file is refused."""
    return {"refused": refused.code.value, "params": refused.params}


def row_lines(rows: Sequence[FlowRow]) -> Iterator[list[list[Any]]]:
    """Write rows, batch by batch."""
    for start in range(0, len(rows), BATCH_ROWS):
        yield [
            [row.iuv, row.iur, row.index, row.amount_cents, row.outcome.value, row.paid_on.isoformat()]
            for row in rows[start : start + BATCH_ROWS]
        ]


def read_row_line(told: Sequence[Sequence[Any]]) -> list[FlowRow]:
    """Read a batch of rows."""
    return [
        FlowRow(iuv, iur, index, amount_cents, Outcome(outcome), date.fromisoformat(paid_on))
        for iuv, iur, index, amount_cents, outcome, paid_on in told
    ]
