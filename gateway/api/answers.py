"""What the API answers, where that is not a service's reply as it stands.

The names of the classes stand in the OpenAPI document.
`schema_for` says how any answer is written: as its message, or as what the API shows of a service's reply.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from marshmallow import fields
from marshmallow.validate import OneOf

from contracts.message import Message, MessageSchema, schema_fields, schema_of
from contracts.rpc import cart, dead_letters, identity, money_cases, payments, practices, settlement
from contracts.shapes import Transfer

M = TypeVar("M", bound=Message)


def _public_schema(
    message_type: type[M], name: str, *, without: Sequence[str] = (), **described: fields.Field[Any]
) -> type[MessageSchema[M]]:
    """Return a schema class called `name` that writes a message without some fields, and others as `described`."""
    own = {field: one for field, one in schema_fields(message_type).items() if field not in without}
    return type(name, (MessageSchema,), {"message_type": message_type, "value_objects": {}} | own | described)


# A transfer may lack any part of it, and then does not name it; what it names is as in any transfer.
_TransferSchema: Final = _public_schema(payments.ReceivedTransfer, "Transfer", **schema_fields(Transfer))
_ReceiptSchema: Final = _public_schema(
    payments.Receipt, "Receipt", transfers=fields.List(fields.Nested(_TransferSchema(partial=True)), required=True)
)


class MaybeText(fields.String):
    """A text that may be null or absent."""

    def __init__(self, **_of_the_message: Any) -> None:
        super().__init__(allow_none=True)


class Receipts(fields.List[Any]):
    """Receipts as the API tells them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.Nested(_ReceiptSchema()), **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Message):
    """The API works."""

    status: Annotated[str, OneOf(["up"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLink(Message):
    """A link that leads to paying a debt: its address, told this once, and until when it does."""

    id: UUID
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Services(Message):
    """The services of a creditor; those with `spontaneous` can be inserted by the payer."""

    items: Sequence[practices.CatalogueService]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Message):
    """Where to go on. `next_cursor` is null on the last page; the same address stands in `Link: rel="next"`."""

    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticePage(Page):
    """Practices, newest first."""

    items: Sequence[practices.Practice]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtPage(Page):
    """The entity's practices, oldest first."""

    items: Sequence[practices.BookedPractice]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage(Page):
    """Receipts of the node, oldest first."""

    items: Annotated[Sequence[payments.Receipt], Receipts]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCasePage(Page):
    """Cases of unexpected money, oldest first, and the totals of all of them by state."""

    items: Sequence[money_cases.MoneyCase]
    totals: Sequence[money_cases.CaseTotal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Me(Message):
    """The citizen of this session. `registered` is false until the privacy notice in force is acknowledged."""

    id: UUID
    fiscal_code: str
    name: str
    family_name: str
    email: Annotated[str, MaybeText] | None
    registered: bool
    spid_level: int
    idle_until: datetime
    expires_at: datetime

    @classmethod
    def of(cls, session: identity.Session) -> "Me":
        """Tell a session and its citizen as one."""
        citizen = session.citizen
        return cls(
            id=citizen.id,
            fiscal_code=citizen.fiscal_code,
            name=citizen.name,
            family_name=citizen.family_name,
            email=citizen.email,
            registered=session.registered,
            spid_level=session.spid_level,
            idle_until=session.idle_until,
            expires_at=session.expires_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementPage(Message):
    """Settlement flows, the newest day first."""

    items: Sequence[settlement.Settlement]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistPage(Message):
    """Settled amounts a human must look at. `next_after` is None on the last page."""

    items: Sequence[settlement.WorklistItem]
    next_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedPage(Message):
    """Bank credits of no flow, each with the flows it might be of. `next_after` is None on the last page."""

    items: Sequence[settlement.UnmatchedCredit]
    next_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQueues(Message):
    """How many events each consumer has given up on. `silent` are the services that did not answer."""

    queues: Sequence[dead_letters.DeadLetterQueue]
    silent: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage(Message):
    """Events as published (CloudEvents 1.0), in the order of each source.

    `next_cursor` is always there, to be asked again later, with the same filters; `more` says that asking again now may
    bring some. `complete_since` says how far back it goes: what was emitted before is no longer there; null where none
    has ever been deleted.
    """

    items: Sequence[Mapping[str, Any]]
    next_cursor: str
    more: bool
    complete_since: datetime | None = None


# What of a service's reply the API shows, and under which name.
_PUBLIC_SCHEMAS: Final[Mapping[type[Message], MessageSchema[Any]]] = {
    practices.Entity: _public_schema(practices.Entity, "PublicBody", without=("services",))(),
    payments.Checkout: _public_schema(payments.Checkout, "Checkout", without=("payer_ref",))(),
    identity.Privacy: _public_schema(identity.Privacy, "Consents")(),
    cart.Count: _public_schema(cart.Count, "CartCount")(),
}


def schema_for(message_type: type[Message]) -> MessageSchema[Any]:
    """Return the schema that writes an answer."""
    return _PUBLIC_SCHEMAS.get(message_type) or schema_of(message_type)
