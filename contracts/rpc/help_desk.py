"""What identity answers to an entity's office about somebody who could not log in, by the reference they were shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from marshmallow.validate import Length

from contracts.call import Call
from contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLoginRequest(Message):
    """A login refused in this entity's pages, or in none that is known."""

    entity_code: Annotated[str, Length(1, 35)]
    reference: Annotated[str, Length(1, 64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLogin(Message):
    """Why it was refused, and nothing of who it was. `anomaly`: SPID's number of what went wrong at the provider's."""

    reference: str
    at: datetime
    reason: str
    anomaly: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLoginReply(Message):
    """None where no such reference is known: a month after the login none is any more."""

    login: RefusedLogin | None = None


REFUSED_LOGIN = Call("identity", "refused_login", RefusedLoginRequest, RefusedLoginReply, idempotent=True)
