"""What identity answers about the API keys of an entity's software: made in its office, looked up by the gateway.

A key's text travels once, in the reply that makes it; identity stores its SHA-256.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from marshmallow.validate import Length, OneOf, Regexp

from contracts.call import Call
from contracts.message import Message
from contracts.rpc.operators import OfficeRequest
from contracts.scopes import ENTITY_SCOPES

API_KEYS_MAX: Final = 20
API_KEY_NAME_MAX: Final = 64
API_KEY_PREFIX: Final = "portale_"
"""What the text of each key begins with, so that those who look for secrets in files find it."""
_Scopes = Annotated[
    Sequence[Annotated[str, OneOf([scope.value for scope in ENTITY_SCOPES])]], Length(1, len(ENTITY_SCOPES))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Message):
    """A key without its text. `version` grows with each change; `used_at` is at most an hour behind.

    Until `previous_until` the text before is good too.
    """

    id: UUID
    name: str
    scopes: Sequence[str]
    version: int
    created_at: datetime
    used_at: datetime | None = None
    previous_until: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyWithText(ApiKey):
    """The same with its text, which is told this once."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys(Message):
    """Those of an entity by name, those revoked last."""

    keys: Sequence[ApiKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeApiKeyRequest(OfficeRequest):
    """A new key: its name says which software has it, and stands in the audit as who writes.

    Refused(ROLE_MISSING), (NAME_REQUIRED), (DUPLICATE_REFERENCE): another key in force has the name;
    (TOO_MANY_REQUESTS): API_KEYS_MAX are in force.
    """

    name: Annotated[str, Length(max=API_KEY_NAME_MAX)]
    scopes: _Scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeApiKeyRequest(OfficeRequest):
    """One of an entity's, as it was shown in this `version`.

    Refused(ROLE_MISSING), (NOT_FOUND): the entity has no such key in force; (CHANGED_MEANWHILE) with who changed it.
    """

    key_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyHolderRequest(Message):
    """By the hexadecimal SHA-256 of a key's text. Refused(API_KEY_INVALID): none in force has it."""

    sha256: Annotated[str, Regexp(r"^[0-9a-f]{64}\Z")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyHolder(Message):
    """Whose software sent it, and what it may do."""

    entity_code: str
    name: str
    scopes: Sequence[str]


API_KEYS = Call("identity", "api_keys", OfficeRequest, ApiKeys, idempotent=True)
MAKE_API_KEY = Call("identity", "make_api_key", MakeApiKeyRequest, ApiKeyWithText, idempotent=False)
ROTATE_API_KEY = Call("identity", "rotate_api_key", ChangeApiKeyRequest, ApiKeyWithText, idempotent=False)
REVOKE_API_KEY = Call("identity", "revoke_api_key", ChangeApiKeyRequest, ApiKey, idempotent=False)
API_KEY_HOLDER = Call("identity", "api_key_holder", ApiKeyHolderRequest, ApiKeyHolder, idempotent=True, timeout_s=3)
