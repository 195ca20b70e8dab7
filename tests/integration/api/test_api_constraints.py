"""The OpenAPI document is the truth about what is refused: within its limits nothing is, beyond one everything."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest
from falcon.testing import Result, TestClient
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from contracts.rpc import notices, practices
from gateway.api import examples
from gateway.api.document import openapi_path
from gateway.api.json_values import JsonObject
from gateway.api.operation import operations_of
from gateway.api.routes import PREFIX, ROUTES
from gateway.app import create_app
from gateway.settings import Settings
from services.notices.documents.pdf.render import render
from tests.integration.api.conftest import KEYS
from tests.integration.api.constraints import PATH_VALUES, Breaking, Schemas
from tests.integration.api.fake_services import CITIZEN_TOKEN, FakeServices
from tests.unit.notices.conftest import a_notice

KEY = "0b5c1f0e-1111-4222-8333-444455556666"
OPERATIONS = [
    (openapi_path(path), method.lower()) for path, resource in ROUTES.items() for method in operations_of(resource)
]
each_operation = pytest.mark.parametrize(("path", "method"), OPERATIONS)
quick = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The application with rates that a test does not reach, and services that find every practice asked for."""
    services = FakeServices()
    services.answers[practices.GET_MANY.name] = lambda request: {
        "practices": [{**examples.PRACTICE, "id": str(asked)} for asked in request.practice_ids]
    }
    services.answers[notices.JOB_DOCUMENTS.name] = lambda _: {"items": [printed_notice()], "next_after": None}
    entity, scopes = KEYS["all"]
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    sha256 = hashlib.sha256(b"all").hexdigest()
    keys.write_text(json.dumps([{"sha256": sha256, "entity_code": entity, "scopes": scopes, "name": "all"}]))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SECRET_KEY", "a secret of this test that is long as a real one")
        environment.setenv("API_KEYS_FILE", str(keys))
        environment.setenv("SEARCH_RATE", "1000000/minute")
        environment.setenv("INSERTION_RATE", "1000000/minute")
        environment.setenv("CHECKOUT_RATE", "1000000/minute")
        environment.setenv("DOCUMENT_RATE", "1000000/minute")
        environment.setenv("EMAIL_RATE", "1000000/minute")
        return TestClient(create_app(Settings.load(), services))


def printed_notice() -> JsonObject:
    """A document of a printing job: one notice."""
    content = base64.b64encode(render(a_notice())).decode()
    return {"place": 1, "external_id": "TARI-1", "file_name": "avviso-1.pdf", "code": None, "content_base64": content}


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    made: dict[str, Any] = client.simulate_get(f"{PREFIX}/openapi.json").json
    return made


class Asker:
    """Sends an operation's requests: good but for what a test puts in."""

    def __init__(self, client: TestClient, document: dict[str, Any], path: str, method: str) -> None:
        self.described = document["paths"][path][method]
        self.schemas = Schemas(document)
        self._client, self._path, self._method = client, path, method
        content = self.described.get("requestBody", {}).get("content", {})
        # JSON that is one of the kinds of a file has a schema of bytes alone.
        described = content.get("application/json", {}).get("schema")
        self.body_schema = None if (described or {}).get("format") == "binary" else described
        self._file_type = next(iter(content)) if content and self.body_schema is None else None

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """Those of one kind: path, query or header."""
        return [parameter for parameter in self.described["parameters"] if parameter["in"] == place]

    def good_bodies(self) -> list[Any]:
        """A body with every field for each alternative; None where the operation takes none."""
        if self.body_schema is None:
            return [None]
        whole = self.schemas.values(self.body_schema, whole=True)
        options = self.schemas.resolved(self.body_schema).get("oneOf", [{"required": []}])
        return [
            {**smallest(whole, option["required"]), **self._met(self.schemas.resolved(self.body_schema))}
            for option in options
        ]

    @staticmethod
    def _met(schema: dict[str, Any]) -> dict[str, Any]:
        condition = schema.get("if", {"properties": {}})["properties"]
        return {name: value["const"] for name, value in condition.items()}

    def ask(self, *, body: Any = None, path: dict[str, str] | None = None, **extra: Any) -> Result:
        """Send it. `query` and `headers` may be given."""
        headers = {"Idempotency-Key": KEY} if self.parameters("header") else {}
        if self.described["security"][0].keys() & {"bearerKey"}:
            headers["Authorization"] = "Bearer all"
        if self._file_type:
            headers["Content-Type"] = self._file_type
        if self.body_schema is not None:
            headers["Content-Type"] = "application/json"
        sent = b"x" if self._file_type else None if body is None else json.dumps(body)
        values = {name: quote(value, safe="") for name, value in {**PATH_VALUES, **(path or {})}.items()}
        return self._client.simulate_request(
            self._method.upper(),
            PREFIX + self._path.format(**values),
            headers={**headers, **extra.get("headers", {})},
            params=extra.get("query", {}),
            cookies={"session": CITIZEN_TOKEN},
            body=sent,
        )


def smallest(strategy: st.SearchStrategy[Any], names: list[str]) -> Any:
    """The simplest value that has these fields."""
    return find(
        strategy,
        lambda value: set(names) <= set(value),
        settings=settings(quick, phases=[Phase.generate]),
    )


@pytest.fixture
def asker(client: TestClient, document: dict[str, Any], path: str, method: str) -> Asker:
    return Asker(client, document, path, method)


def names_the_field(result: Result, place: str, name: str) -> bool:
    """Whether it is a refusal that names this field, or one inside it, with a sentence."""
    if not 400 <= result.status_code < 500 or result.headers["Content-Type"] != "application/problem+json":
        return False
    errors = [error for error in result.json.get("errors", []) if error["detail"] and error["code"]]
    return any(str(error.get(place, "")).startswith(name) for error in errors)


def is_strange(value: object) -> bool:
    """Whether a text has bytes that the gate before every door refuses, without reading what it is."""
    return isinstance(value, str) and any(ord(character) < 32 or ord(character) == 127 for character in value)


def is_refused(result: Result, place: str, name: str, value: object) -> bool:
    """Whether a value is refused, naming its field where it came as far as being read."""
    if is_strange(value):
        return 400 <= result.status_code < 500 and result.headers["Content-Type"] == "application/problem+json"
    return names_the_field(result, place, name)


@each_operation
def test_breaking_any_constraint_of_a_body_is_refused_naming_the_field(asker: Asker) -> None:
    tried = 0
    for body in asker.good_bodies():
        if body is None:
            continue
        assert asker.ask(body=body).status_code < 300, asker.ask(body=body).text
        cases: list[Breaking] = list(asker.schemas.breakings(asker.body_schema, body))
        results = [(case, asker.ask(body=case.of(body))) for case in cases]
        wrong = [
            (case.constraint, case.pointer, str(case.value)[:20], result.status_code, result.text[:200])
            for case, result in results
            if not is_refused(result, "pointer", case.pointer, case.value)
        ]
        assert wrong == []
        tried += len(cases)
    assert bool(tried) == (asker.body_schema is not None)


@each_operation
def test_breaking_any_constraint_of_a_parameter_is_refused_naming_it(asker: Asker) -> None:
    [body, *_] = asker.good_bodies()
    wrong = []
    for parameter in asker.parameters("query"):
        for constraint, value in broken_parameter(asker, parameter["schema"]):
            result = asker.ask(body=body, query={parameter["name"]: value})
            if not is_refused(result, "parameter", parameter["name"], value):
                wrong.append((parameter["name"], constraint, result.status_code, result.text[:200]))
    unknown = asker.ask(body=body, query={"not_in_the_document": "1"})
    assert names_the_field(unknown, "parameter", "not_in_the_document")
    assert wrong == []


def broken_parameter(asker: Asker, schema: dict[str, Any]) -> list[tuple[str, str]]:
    """What as text breaks a constraint: a parameter has no types but those that its text may be read as."""
    if schema["type"] == "array":
        return broken_parameter(asker, schema["items"])
    broken = [
        (case.constraint, str(case.value))
        for case in asker.schemas.breakings(schema, None, ("x",))
        if not case.constraint.startswith("type")
    ]
    return broken if "string" in schema["type"] else [*broken, ("type", "many")]


@each_operation
def test_breaking_any_constraint_of_an_address_is_refused(asker: Asker) -> None:
    [body, *_] = asker.good_bodies()
    for parameter in asker.parameters("path"):
        name, schema = parameter["name"], parameter["schema"]
        if schema.get("format") == "uuid" or "enum" in schema:
            assert asker.ask(body=body, path={name: "neither"}).status_code == 404
            continue
        cases = [
            case
            for case in asker.schemas.breakings(schema, None, (name,))
            if isinstance(case.value, str) and case.value
        ]
        for case in cases:
            result = asker.ask(body=body, path={name: case.value})
            known_to_be_anothers = name == "entity" and result.status_code == 403
            assert known_to_be_anothers or is_refused(result, "parameter", name, case.value), (
                case.constraint,
                result.text,
            )
        assert cases


@each_operation
def test_breaking_any_constraint_of_the_idempotency_key_is_refused(asker: Asker) -> None:
    [body, *_] = asker.good_bodies()
    for parameter in asker.parameters("header"):
        for value in ("x" * 7, "x" * 129, "with spaces in it", "èèèèèèèè"):
            result = asker.ask(body=body, headers={parameter["name"]: value})
            assert names_the_field(result, "parameter", parameter["name"]), (value, result.text)


@each_operation
def test_nothing_within_the_constraints_is_refused(asker: Asker) -> None:
    bodies = st.none() if asker.body_schema is None else asker.schemas.values(asker.body_schema)
    drawn = {one["name"]: asker.schemas.values(one["schema"], whole=True) for one in asker.parameters("query")}
    queries = st.fixed_dictionaries({}, optional=drawn)

    @quick
    @given(body=bodies, query=queries)
    def check(body: Any, query: dict[str, Any]) -> None:
        result = asker.ask(body=body, query=query)
        if result.status_code >= 400:
            # A cursor is opaque: only those we made are one.
            assert {error.get("parameter") for error in result.json.get("errors", [])} == {"after"}, result.text

    check()
