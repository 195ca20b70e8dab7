"""What the JSON columns hold, read into types and written. Nothing else looks inside them."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from chassis.messaging import codec
from contracts.codes import AmountCents
from contracts.extra_fields import ExtraField
from contracts.message import Message
from contracts.shapes import Stamp
from services.practices.domain.practice_status import Ending, Facts
from services.practices.domain.transfers import Share, StampShare
from services.practices.models import Json

M = TypeVar("M", bound=Message)


def read(stored: Json, message_type: type[M]) -> M:
    """Return what a column that is never null holds."""
    return codec.convert(stored, message_type)


def read_optional(stored: Json | None, message_type: type[M]) -> M | None:
    """Return what a column that may be null holds."""
    return codec.convert(stored, message_type) if stored else None


def write(message: Message) -> Json:
    """Write a message, leaving out what is None."""
    return {name: value for name, value in codec.to_json(message).items() if value is not None}


def write_optional(message: Message | None) -> Json | None:
    """Write a message that may not be there."""
    return write(message) if message is not None else None


def read_shares(stored: Sequence[Json] | None) -> tuple[Share, ...]:
    """Return the shares of a service or a practice."""
    return tuple(codec.convert(share, Share) for share in stored or ())


def read_extra_fields(stored: Sequence[Json] | None) -> tuple[ExtraField, ...]:
    """Return the fields that a service has of its own."""
    return tuple(codec.convert(one, ExtraField) for one in stored or ())


def read_texts(stored: Json | None) -> Mapping[str, str]:
    """Return texts by name; none where the column is null."""
    return {name: str(text) for name, text in (stored or {}).items()}


def read_stamp(stored: Json | None) -> StampShare | None:
    """Return the digital stamp of a practice, its price as it was then."""
    if stored is None:
        return None
    return StampShare(stamp=codec.convert(stored, Stamp), amount_cents=AmountCents(stored["amount_cents"]))


def write_stamp(share: StampShare | None) -> Json | None:
    """Write the digital stamp of a practice."""
    return {**write(share.stamp), "amount_cents": share.amount_cents} if share is not None else None


def read_facts(stored: Json) -> Facts:
    """Return the facts of a practice; the column names unexpected money `odd_money`."""
    return codec.convert({**stored, "unexpected_money": stored.get("odd_money", [])}, Facts)


def write_facts(facts: Facts) -> Json:
    """Write the facts that are there; a practice nothing happened to is {}."""
    stored: Json = {
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
        "odd_money": sorted(facts.unexpected_money),
        "settlement": facts.settlement and {"at": facts.settlement.at.isoformat(), "flow_id": facts.settlement.flow_id},
        "cancelled": _write_ending(facts.cancelled),
        "expired": _write_ending(facts.expired),
        "reopened": _write_ending(facts.reopened),
    }
    return {name: value for name, value in stored.items() if value}


def _write_ending(ending: Ending | None) -> Json | None:
    return {"at": ending.at.isoformat(), "reason": ending.reason} if ending else None
