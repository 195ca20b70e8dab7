"""JSON whose shape others define: OpenAPI and JSON Schema, problem+json, examples, events as published."""

from typing import Any

JsonObject = dict[str, Any]
"""An object of JSON; the types of its values stand in the specification that it follows."""
