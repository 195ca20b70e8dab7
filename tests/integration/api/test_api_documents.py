"""The OpenAPI document, its page, and whether they tell the truth about the routes."""

import re
from typing import Any

import falcon
import pytest
from falcon.testing import TestClient
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- no stubs in the lock
from openapi_spec_validator import validate
from referencing import Registry, Resource

from contracts.errors import ErrorCode
from contracts.message import schema_of
from gateway.api.answers import schema_for
from gateway.api.document import openapi_path
from gateway.api.operation import AnyOperation, operations_of
from gateway.api.routes import PREFIX, ROUTES
from gateway.app import create_app
from gateway.settings import Settings
from tests.integration.api.fake_services import FakeServices

OPERATIONS = [
    pytest.param(described, id=f"{method} {path}")
    for path, resource in ROUTES.items()
    for method, described in operations_of(resource).items()
]


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    made: dict[str, Any] = client.simulate_get(f"{PREFIX}/openapi.json").json
    return made


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_route_of_the_api_stands_in_the_document_and_every_path_of_the_document_is_a_route(
    settings: Settings, services: FakeServices, document: dict[str, Any]
) -> None:
    assert document["servers"][0]["url"].endswith(PREFIX)
    routes = {
        (openapi_path(path.removeprefix(PREFIX)), method.lower())
        for path, methods in _routes(create_app(settings, services))
        if path.startswith("/api/v1/") and path != "/api/v1/openapi.json"
        for method in methods - {"HEAD", "OPTIONS"}
    }
    documented = {(path, method) for path, item in document["paths"].items() for method in item}
    assert documented == routes


def _routes(app: "falcon.App[Any, Any]") -> list[tuple[str, set[str]]]:
    """Falcon's routes with the methods that a resource really has."""
    found: list[tuple[str, set[str]]] = []

    def walk(nodes: list[Any]) -> None:
        for node in nodes:
            if node.resource is not None:
                has = {m for m in falcon.HTTP_METHODS if hasattr(node.resource, f"on_{m.lower()}")}
                found.append((node.uri_template, has))
            walk(node.children)

    walk(app._router._roots)
    return found


def test_an_id_that_can_be_none_is_documented_as_not_found(client: TestClient, document: dict[str, Any]) -> None:
    address = "/api/v1/cart/items/not-an-id"
    assert client.simulate_delete(address).json["code"] == "not_found"
    for path, item in document["paths"].items():
        for operation in item.values():
            if any(part["in"] == "path" and part["schema"].get("format") == "uuid" for part in operation["parameters"]):
                assert "404" in operation["responses"], path


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_every_error_is_documented_with_an_example_that_is_a_problem(document: dict[str, Any]) -> None:
    shown = set()
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) < 400:
                    continue
                for code, example in response["content"]["application/problem+json"]["examples"].items():
                    shown.add(code)
                    assert example["value"]["code"] == code
                    assert example["value"]["status"] == int(status)
    assert shown <= {code.value for code in ErrorCode}
    assert {"cart_full", "practice_not_found", "import_too_large", "scope_missing"} <= shown


@pytest.mark.parametrize("described", OPERATIONS)
def test_the_examples_are_accepted_by_their_own_schemas(described: AnyOperation) -> None:
    if described.body is not None:
        assert described.body_example is not None
        schema_of(described.body).load(described.body_example)
    if described.answer is not None:
        assert described.answer_example is not None
        assert schema_for(described.answer).validate(described.answer_example) == {}


def test_answers_are_what_the_document_says(client: TestClient, document: dict[str, Any]) -> None:
    answer = client.simulate_get("/api/v1/creditors/PM108/services").json
    registry: Registry[Any] = Registry().with_resource("urn:api", Resource.opaque(document))
    described = document["paths"]["/creditors/{entity}/services"]["get"]["responses"]["200"]
    reference = described["content"]["application/json"]["schema"]["$ref"]
    schema = {"$ref": f"urn:api{reference}"}
    Draft202012Validator(schema, registry=registry).validate(answer)


def test_requests_refuse_unknown_fields_and_answers_may_grow(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["InsertBody"]["additionalProperties"] is False
    assert schemas["Beneficiary"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Practice"]


def test_the_docs_page_names_every_operation_and_error_and_needs_no_script_and_no_other_host(
    client: TestClient, document: dict[str, Any]
) -> None:
    page = client.simulate_get("/api/docs").text
    for path in document["paths"]:
        assert path in page
    for code in ErrorCode:
        assert f'id="{code}"' in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert client.simulate_get("/api/docs/style.css").headers["Content-Type"].startswith("text/css")


def test_every_link_inside_the_docs_page_leads_somewhere(client: TestClient) -> None:
    page = client.simulate_get("/api/docs").text
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_the_events_have_a_document_and_a_page_of_their_own_beside_it(client: TestClient) -> None:
    events = client.simulate_get("/api/asyncapi.json")
    assert events.headers["Content-Type"] == "application/json"
    page = client.simulate_get("/api/docs/events").text
    for name, channel in events.json["channels"].items():
        assert f'id="{name}"' in page
        assert channel["bindings"]["amqp"]["exchange"]["name"] in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    assert 'href="/api/docs/events"' in client.simulate_get("/api/docs").text
    assert 'href="/api/docs"' in page


def test_the_document_is_kept_by_its_etag(client: TestClient) -> None:
    first = client.simulate_get("/api/v1/openapi.json")
    again = client.simulate_get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
