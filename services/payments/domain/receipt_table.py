"""What becomes of a receipt that the node sends: the table of pagopa-obligations.md section 3.2.

Store first, answer OK. What is refused comes back for two days and is lost then, and the money's proof with it; so
only what cannot be stored is refused, and what is odd is flagged for a human. Verify and getPayment have a table of
their own (`node.py`), which goes on refusing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.shapes import Creditor
from services.payments.domain.node import Fault
from services.payments.domain.receipts import Judgement


class Flag(StrEnum):
    """What is odd about a receipt that was taken all the same."""

    OTHER_BROKER = "other_broker"
    OTHER_STATION = "other_station"
    EXTRA_ELEMENTS = "extra_elements"
    UNKNOWN_NOTICE = "unknown_notice"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ALREADY_PAID = "already_paid"
    OTHER_AMOUNT = "other_amount"
    UNDERPAID = "underpaid"
    WRONG_STAMP = "wrong_stamp"
    # The same receipt again, saying otherwise: the first one holds, the other is stored for a human (node_calls).
    OTHER_CONTENT = "other_content"
    # The id of a receipt for another notice: two payments, and both are counted.
    ID_OF_OTHER_NOTICE = "id_of_other_notice"
    # Paid, though we were never asked what to pay, and not by stand-in.
    NEVER_ACTIVATED = "never_activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """All that the table looks at.

    `domain` is empty where it is not said or cannot be looked up now; `creditor` None where it is none of ours, now or
    ever. `has_id` and `readable`: it has a receiptId, and the schema passes it. The rest is known once it is stored.
    """

    domain: str
    creditor: Creditor | None
    broker: str
    station: str
    has_id: bool = True
    readable: bool = True
    extras: bool = False
    judgement: Judgement | None = None
    activated: bool = True
    stand_in: bool = False
    other_content: bool = False
    id_of_other_notice: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One situation. With `fault` the receipt is refused; else it is stored and acknowledged, and flagged."""

    situation: str
    holds: Callable[[Arrival], bool]
    fault: Fault | None = None
    flag: Flag | None = None


def _judged(judgement: Judgement) -> Callable[[Arrival], bool]:
    return lambda arrival: arrival.judgement is judgement


# A database that is away has no row: whatever goes wrong is answered PAA_SYSTEM_ERROR, and the node tries again.
ROWS: Final = (
    Row(
        "idPA is not, and never was, one of ours",
        lambda arrival: bool(arrival.domain) and arrival.creditor is None,
        fault=Fault.UNKNOWN_DOMAIN,
    ),
    Row("no receiptId: it cannot be stored", lambda arrival: not arrival.has_id, fault=Fault.EXTRA_SYNTAX),
    Row("what it must say cannot be read", lambda arrival: not arrival.readable, fault=Fault.SYNTAX),
    Row(
        "sent through another broker",
        lambda arrival: arrival.creditor is not None and arrival.broker != arrival.creditor.broker_fiscal_code,
        flag=Flag.OTHER_BROKER,
    ),
    Row(
        "sent to another station",
        lambda arrival: arrival.creditor is not None and arrival.station != arrival.creditor.station_id,
        flag=Flag.OTHER_STATION,
    ),
    Row("it holds more than we know", lambda arrival: arrival.extras, flag=Flag.EXTRA_ELEMENTS),
    Row("nobody issued the notice", _judged(Judgement.UNKNOWN_NOTICE), flag=Flag.UNKNOWN_NOTICE),
    Row("the notice is cancelled", _judged(Judgement.CANCELLED), flag=Flag.CANCELLED),
    Row("paid after the last day", _judged(Judgement.EXPIRED), flag=Flag.EXPIRED),
    Row("paid already, by another receipt", _judged(Judgement.ALREADY_PAID), flag=Flag.ALREADY_PAID),
    Row("more than was due", _judged(Judgement.OTHER_AMOUNT), flag=Flag.OTHER_AMOUNT),
    Row("less than is due", _judged(Judgement.UNDERPAID), flag=Flag.UNDERPAID),
    Row("another stamp, or none", _judged(Judgement.WRONG_STAMP), flag=Flag.WRONG_STAMP),
    Row(
        "the same receiptId, another content",
        lambda arrival: arrival.other_content,
        flag=Flag.OTHER_CONTENT,
    ),
    Row(
        "the receiptId of a receipt for another notice",
        lambda arrival: arrival.id_of_other_notice,
        flag=Flag.ID_OF_OTHER_NOTICE,
    ),
    Row(
        "paid in full, and we were never asked",
        lambda arrival: arrival.judgement is Judgement.EXPECTED and not arrival.activated and not arrival.stand_in,
        flag=Flag.NEVER_ACTIVATED,
    ),
)


def refuse_receipt(arrival: Arrival) -> Fault | None:
    """Return the fault of the first row that refuses; None means the receipt is to be stored."""
    return next((row.fault for row in ROWS if row.fault and row.holds(arrival)), None)


def flags_of(arrival: Arrival) -> tuple[Flag, ...]:
    """Return what is odd about a receipt that is taken."""
    return tuple(row.flag for row in ROWS if row.flag and row.holds(arrival))
