"""Whose an event is."""

from collections.abc import Mapping
from typing import Any


def entity_of(event: Mapping[str, Any]) -> str | None:
    """Return the code of the entity an event in its envelope is about; None where it is about none.

    It is `entity_code`, or the creditor of a position. It is JSON, of whatever shape it is.
    """
    data = event.get("data")
    if not isinstance(data, Mapping):
        return None
    creditor = data.get("creditor")
    code = data.get("entity_code") or (creditor.get("code") if isinstance(creditor, Mapping) else None)
    return code if isinstance(code, str) else None
