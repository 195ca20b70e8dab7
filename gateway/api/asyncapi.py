"""The AsyncAPI 3.0 document of the events, made from the same definitions that write and read them."""

import json
from importlib import resources
from typing import Final

import falcon
import orjson
from apispec import APISpec

from contracts.events import EVENTS
from contracts.events.envelope import AnyEventType, Event
from contracts.message import schema_of
from gateway.api.contact import contact
from gateway.api.json_schemas import SchemaPlugin, words_of
from gateway.api.json_values import JsonObject
from gateway.api.operation import make_cacheable

VERSION: Final = "1.0.0"
_CACHE_S: Final = 300
_MEDIA_TYPE: Final = "application/json"
_BINDING_VERSION: Final = "0.3.0"

_INTRODUCTION: Final = """
What happens in the payer's portal of pagoPA, for programs that want to hear of it: CloudEvents 1.0 in structured JSON,
published to the topic exchange of the service that emits them with the type as routing key. Declare a durable queue of
your own, bind it to the types you want, acknowledge after you have stored.

An event comes at least once and in no promised order: tell repeats by `id`, order the events of one `subject` by
`sequence`, as text. Within a version fields are only added, so leave alone those you do not know; what would break a
reader is a new version of the type. Amounts are whole euro cents, times are ISO 8601 in UTC.

Who has no AMQP reads the same events at `GET /api/v1/events` with an API key.
"""


def build(public_url: str) -> JsonObject:
    """Make the document of every type of event of the portal at `public_url`."""
    spec = APISpec(title="", version=VERSION, openapi_version="3.1.0", plugins=[plugin := SchemaPlugin()])
    data_types = list(dict.fromkeys(event.data_type for event in EVENTS.values()))
    for data_type in data_types:
        spec.components.schema(data_type.__name__, schema=schema_of(data_type))
    schemas: JsonObject = spec.to_dict()["components"]["schemas"]
    for data_type in data_types:
        schemas[data_type.__name__]["description"] = words_of(data_type)
    for schema in schemas.values():
        schema.pop("additionalProperties", None)  # fields may be added
    envelope = plugin.whole(Event)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Back Office Pagatore: events",
            "version": VERSION,
            "description": _INTRODUCTION.strip(),
            "contact": contact(public_url),
        },
        "defaultContentType": _MEDIA_TYPE,
        "servers": {"broker": _server()},
        "channels": {event.type: _channel(event) for event in EVENTS.values()},
        "operations": {f"publish{event.name}V{event.version}": _operation(event) for event in EVENTS.values()},
        "components": {
            "messages": {event.type: _message(event, envelope) for event in EVENTS.values()},
            "schemas": schemas,
        },
    }


class AsyncApiResource:
    """GET /api/asyncapi.json."""

    def __init__(self, document: JsonObject) -> None:
        self._data = orjson.dumps(document)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Hand out the document."""
        resp.content_type = "application/json"
        resp.data = self._data
        make_cacheable(req, resp, _CACHE_S)


def sample_of(event: AnyEventType) -> JsonObject:
    """Return the golden sample of a type."""
    text = resources.files("contracts").joinpath("samples", f"{event.type}.json").read_text(encoding="utf-8")
    sample: JsonObject = json.loads(text)
    return sample


def _server() -> JsonObject:
    return {
        "host": "{broker}",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "description": "The portal's RabbitMQ.",
        "variables": {
            "broker": {
                "description": "Host and port; whoever runs the portal tells them, with a user for each consumer."
            }
        },
    }


def _channel(event: AnyEventType) -> JsonObject:
    exchange = {"name": event.exchange, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": event.type,
        "title": event.name,
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": _BINDING_VERSION}},
    }


def _operation(event: AnyEventType) -> JsonObject:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{event.type}"},
        "summary": f"{event.source} publishes {event.name}.",
        "messages": [{"$ref": f"#/channels/{event.type}/messages/{event.type}"}],
        "bindings": {"amqp": {"deliveryMode": 2, "bindingVersion": _BINDING_VERSION}},
    }


def _message(event: AnyEventType, envelope: JsonObject) -> JsonObject:
    sample = sample_of(event)
    return {
        "name": event.type,
        "title": event.name,
        "summary": words_of(event.data_type),
        "contentType": _MEDIA_TYPE,
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": _payload(event, envelope),
        "examples": [{"name": event.name, "payload": sample}],
    }


def _payload(event: AnyEventType, envelope: JsonObject) -> JsonObject:
    """Return the envelope's schema with what this type always says in it."""
    own = {
        "source": {"type": "string", "const": f"/services/{event.source}"},
        "type": {"type": "string", "const": event.type},
        "data": {"$ref": f"#/components/schemas/{event.data_type.__name__}"},
    }
    return {
        "type": "object",
        "description": words_of(Event),
        "required": envelope["required"],
        "properties": {**envelope["properties"], **own},
    }
