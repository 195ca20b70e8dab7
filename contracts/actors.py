"""Who writes, as the audit names them."""

from dataclasses import dataclass
from typing import Annotated

from marshmallow.validate import Length, OneOf

from contracts.message import Message

ACTOR_KINDS = ("operator", "api_key", "command", "citizen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(Message):
    """An operator by id, the entity's software by the name of its API key, or a command of whoever runs the portal.

    A citizen, by id, where what they ask is something the office then works with.
    """

    kind: Annotated[str, OneOf(ACTOR_KINDS)]
    id: Annotated[str, Length(1, 128)]
