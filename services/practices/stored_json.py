"""The facts of a practice as JSON, the way the `facts` column keeps them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.practices.domain.practice_status import EndedCheckout, Ending, Facts, OpenCheckout, Receipt, Settlement

_T = TypeVar("_T")


def to_json(facts: Facts) -> dict[str, Any]:
    """Write the facts that are there; a practice nothing happened to is {}."""
    stored: dict[str, Any] = {
        "open_checkouts": {
            str(key): {"started_at": one.started_at.isoformat(), "open_until": one.open_until.isoformat()}
            for key, one in facts.open_checkouts.items()
        },
        "ended_checkouts": {
            str(key): {"at": one.at.isoformat(), "reason": one.reason} for key, one in facts.ended_checkouts.items()
        },
        "receipts": {
            key: {"paid_at": one.paid_at.isoformat(), "amount_cents": one.amount_cents}
            for key, one in facts.receipts.items()
        },
        "odd_money": sorted(facts.odd_money),
        "settlement": facts.settlement and {"at": facts.settlement.at.isoformat(), "flow_id": facts.settlement.flow_id},
        "cancelled": _ending_to_json(facts.cancelled),
        "expired": _ending_to_json(facts.expired),
        "reopened": _ending_to_json(facts.reopened),
    }
    return {name: value for name, value in stored.items() if value}


def from_json(stored: Mapping[str, Any]) -> Facts:
    """Read what `to_json` wrote."""
    opened = stored.get("open_checkouts", {})
    ended = stored.get("ended_checkouts", {})
    receipts = stored.get("receipts", {})
    return Facts(
        open_checkouts={
            UUID(key): OpenCheckout(_moment(one["started_at"]), _moment(one["open_until"]))
            for key, one in opened.items()
        },
        ended_checkouts={UUID(key): EndedCheckout(_moment(one["at"]), one["reason"]) for key, one in ended.items()},
        receipts={key: Receipt(_moment(one["paid_at"]), one["amount_cents"]) for key, one in receipts.items()},
        odd_money=frozenset(stored.get("odd_money", ())),
        settlement=_there(stored.get("settlement"), lambda one: Settlement(_moment(one["at"]), one["flow_id"])),
        cancelled=_there(stored.get("cancelled"), _ending_from_json),
        expired=_there(stored.get("expired"), _ending_from_json),
        reopened=_there(stored.get("reopened"), _ending_from_json),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _there(value: Any, read: Callable[[Any], _T]) -> _T | None:
    return read(value) if value else None


def _ending_to_json(ending: Ending | None) -> dict[str, str] | None:
    return {"at": ending.at.isoformat(), "reason": ending.reason} if ending else None


def _ending_from_json(one: Mapping[str, str]) -> Ending:
    return Ending(_moment(one["at"]), one["reason"])
