"""Whom a reader of the API's documents may ask."""

from gateway.api.json_values import JsonObject


def contact(public_url: str) -> JsonObject:
    """Return the contact: the portal, whose pages lead to the offices of each entity."""
    return {"name": "The portal, and through it each entity's offices", "url": public_url}
