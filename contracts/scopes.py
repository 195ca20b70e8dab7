"""What an API key of an entity's software may do."""

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What a key may do."""

    DEBTS_READ = "debts:read"
    DEBTS_WRITE = "debts:write"
    IMPORTS_WRITE = "imports:write"
    PAYMENTS_READ = "payments:read"
    EVENTS_READ = "events:read"
    SETTLEMENTS_WRITE = "settlements:write"
    REFUNDS_WRITE = "refunds:write"
    NOTICES_PRINT = "notices:print"
    WEBHOOKS_WRITE = "webhooks:write"
    OPS_DEAD_LETTERS = "ops:dead-letters"


ENTITY_SCOPES: Final = tuple(scope for scope in Scope if scope is not Scope.OPS_DEAD_LETTERS)
"""What an entity may give to its own software; the rest is for whoever runs the portal."""
