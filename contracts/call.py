"""One remote procedure: where it lives, what it takes, what it answers."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from contracts.message import Message, MessageSchema, schema_of

Request = TypeVar("Request", bound=Message)
Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True)
class Call(Generic[Request, Reply]):
    """A procedure of a service, used by both ends.

    `timeout_s` is the caller's deadline and the life of the request in the broker's queue. `idempotent` says
    whether a call whose outcome is unknown may be sent again.
    """

    service: str
    method: str
    request_type: type[Request]
    reply_type: type[Reply]
    idempotent: bool
    timeout_s: float = 5.0

    @property
    def name(self) -> str:
        """`service.method`, as it stands in logs and metrics."""
        return f"{self.service}.{self.method}"

    @property
    def request(self) -> MessageSchema[Request]:
        """The schema of what it takes."""
        return schema_of(self.request_type)

    @property
    def reply(self) -> MessageSchema[Reply]:
        """The schema of what it answers."""
        return schema_of(self.reply_type)


AnyCall = Call[Any, Any]


class Rpc(Protocol):
    """Anything that answers a `Call`: the chassis's client, or a stand-in of the tests."""

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        """Return the reply. Raises Refused, Unavailable or Broken (contracts/errors.py)."""
        ...
