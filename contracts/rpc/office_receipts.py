"""What payments answers to an entity's office about receipts that were refused or never came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from marshmallow.validate import Length, OneOf, Range

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message
from contracts.rpc.payments import TakenReceipt

RECOVERY_STATES = ("waiting", "recovered", "arrived", "given_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReceiptsRequest(Message):
    """The receipts sent to an entity that had to be refused, newest first, those before `before`: an id."""

    entity_code: str
    before: Annotated[int, Range(min=1)] | None = None
    limit: Annotated[int, Range(1, 100)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReceipt(Message):
    """A receipt that the node sent and that was refused with `fault`. `taken`: it is stored by now all the same."""

    id: int
    at: datetime
    notice_number: str
    fault: str | None = None
    receipt_id: str | None = None
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReceipts(Message):
    """A page of them; `next_before` where there are older ones."""

    receipts: Sequence[RefusedReceipt]
    next_before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRefusedRequest(Message):
    """Take one of them in, as if the node sent it again. Refused(NOT_FOUND)."""

    entity_code: str
    id: int
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverRequest(Message):
    """Ask pagoPA for a receipt that never came, by its IUR (and IUV where it is known). Refused(UNKNOWN_ENTITY)."""

    entity_code: str
    iur: Annotated[str, Length(1, 35)]
    iuv: Annotated[str, Length(1, 35)] | None = None
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery(Message):
    """How it stands with a receipt that was asked for. `arrived`: it came by itself. `problem` says why not yet."""

    iur: str
    iuv: str | None = None
    state: Annotated[str, OneOf(RECOVERY_STATES)]
    problem: str | None = None
    requested_at: datetime
    next_try_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveriesRequest(Message):
    """The receipts of an entity that were asked for, newest first."""

    entity_code: str
    limit: Annotated[int, Range(1, 100)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries(Message):
    """Newest first."""

    recoveries: Sequence[Recovery]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReceipt(Message):
    """How it stands now."""

    state: Annotated[str, OneOf(RECOVERY_STATES)]


REFUSED_RECEIPTS = Call("payments", "refused_receipts", RefusedReceiptsRequest, RefusedReceipts, idempotent=True)
TAKE_REFUSED = Call("payments", "take_refused_receipt", TakeRefusedRequest, TakenReceipt, idempotent=True)
RECOVER_RECEIPT = Call("payments", "recover_receipt", RecoverRequest, AskedReceipt, idempotent=True)
RECOVERIES = Call("payments", "receipt_recoveries", RecoveriesRequest, Recoveries, idempotent=True)
