"""What payments answers to an entity's office about one payment: the node's messages, and receipts that never came.

Who asks, and for which practice their roles allow it, the gateway has asked identity and practices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from marshmallow.validate import Length, OneOf, Regexp

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message

MESSAGE_KINDS = ("receipt", "refused_receipt")
MESSAGE_REASON_MAX = 140
MESSAGE_ID_PATTERN: Final = r"^(receipt|refused_receipt):[0-9]{1,18}\Z"
MessageId = Annotated[str, Regexp(MESSAGE_ID_PATTERN)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMessagesRequest(Message):
    """The messages about a practice of an entity that the node sent and that are stored whole."""

    entity_code: str
    practice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMessage(Message):
    """A message of the node. `masked_xml`: without what says who somebody is; None where it cannot be read.

    `fault`: what the node was answered. `source` of a receipt: `node`, or `recovered` where pagoPA was asked for it.
    """

    id: MessageId
    kind: Annotated[str, OneOf(MESSAGE_KINDS)]
    at: datetime
    source: str
    receipt_id: str | None = None
    fault: str | None = None
    masked_xml: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMessages(Message):
    """Oldest first."""

    messages: Sequence[NodeMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessageRequest(NodeMessagesRequest):
    """One of them whole, as it came, for a `reason` that stands in the audit with who asked.

    Refused(NOT_FOUND), (DESCRIPTION_REQUIRED) without a reason.
    """

    message_id: MessageId
    actor: Actor
    reason: Annotated[str, Length(max=MESSAGE_REASON_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMessage(Message):
    """A message as it was received."""

    xml: str


NODE_MESSAGES = Call("payments", "node_messages", NodeMessagesRequest, NodeMessages, idempotent=True)
READ_MESSAGE = Call("payments", "read_node_message", ReadMessageRequest, WholeMessage, idempotent=False)
