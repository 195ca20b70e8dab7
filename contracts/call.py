"""One remote procedure: where it lives, what it takes, what it answers."""

from dataclasses import dataclass

from marshmallow import Schema


@dataclass(frozen=True)
class Call:
    """A procedure of a service, used by both ends.

    `timeout_s` is the caller's deadline and the life of the request in the broker's queue. `idempotent` says
    whether a call whose outcome is unknown may be sent again.
    """

    service: str
    method: str
    request: Schema
    reply: Schema
    idempotent: bool
    timeout_s: float = 5.0

    @property
    def name(self) -> str:
        """`service.method`, as it stands in logs and metrics."""
        return f"{self.service}.{self.method}"
