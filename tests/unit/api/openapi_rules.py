"""What the Italian guidelines ask of an OpenAPI document, as far as an error there keeps it out of the catalogue.

In our own words, after AgID's interoperability guidelines (ModI) and the checks of the national API catalogue: the full
profile with its extra rules of security. Each rule yields what is wrong, as words that begin with its place.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Json = Any
Document = Mapping[str, Any]
Rule = Callable[[Document], Iterator[str]]

METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
UNSAFE_METHODS: Final = ("post", "put", "patch", "delete")
PROBLEMS: Final = ("application/problem+json", "application/problem+xml")
# What Python's patterns have and JavaScript's have not; in its unicode mode any other escaped letter is an error.
NOT_IN_JAVASCRIPT: Final = re.compile(r"\(\?P|\(\?[aiLmsux]+[):-]|\(\?#|\\[^dDwWsSbBnrtvf0-9xucpPk^$\\.*+?()[\]{}|/-]")
CREDENTIALS: Final = re.compile(r"password|secret|apikey", re.IGNORECASE)


def parts(part: Json, place: str = "#") -> Iterator[tuple[str, Json]]:
    """Every object of the document and where it stands; examples are not looked into, they are data."""
    if isinstance(part, Mapping):
        yield place, part
        for key, below in part.items():
            if key not in ("example", "examples"):
                yield from parts(below, f"{place}/{key}")
    elif isinstance(part, list):
        for number, below in enumerate(part):
            yield from parts(below, f"{place}/{number}")


def schemas(document: Document, kind: str) -> Iterator[tuple[str, Json]]:
    """Every schema of one type, or of that type and null."""
    for place, part in parts(document):
        kinds = part.get("type")
        if kinds == kind or (isinstance(kinds, list) and kind in kinds):
            yield place, part


def operations(document: Document) -> Iterator[tuple[str, str, Json]]:
    """Address, method, operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def responses(document: Document) -> Iterator[tuple[str, str, Json]]:
    """Place, status, response."""
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            yield f"{method} {path} {status}", status, response


def security_schemes(document: Document) -> Iterator[tuple[str, Json]]:
    """Name and scheme."""
    yield from document.get("components", {}).get("securitySchemes", {}).items()


def it_says_what_it_is(document: Document) -> Iterator[str]:
    """A one-line summary, a contact, and a semantic version."""
    info = document["info"]
    for member in ("x-summary", "contact"):
        if not info.get(member):
            yield f"info: no {member}"
    if not re.match(r"\d+\.\d+\.\d+", info["version"]):
        yield "info: the version is not a semantic one"


def servers_are_described_and_safe(document: Document) -> Iterator[str]:
    """TLS, but for what is marked as a sandbox."""
    for server in document["servers"]:
        if not server.get("description"):
            yield f"{server['url']}: no description"
        if not server["url"].startswith("https://") and server.get("x-sandbox") is not True:
            yield f"{server['url']}: not https, and no x-sandbox"


def there_is_a_status(document: Document) -> Iterator[str]:
    """`/status` answers in JSON, as a problem where something is down."""
    operation = document["paths"].get("/status", {}).get("get")
    if operation is None:
        yield "/status: missing"
        return
    for media_type in operation["responses"]["200"]["content"]:
        if media_type not in ("application/json", "application/problem+json"):
            yield f"/status: answers {media_type}"


def errors_are_problems(document: Document) -> Iterator[str]:
    """RFC 9457, everywhere."""
    for place, status, response in responses(document):
        if status[0] in "45d":
            for media_type in response.get("content", {}):
                if media_type not in PROBLEMS:
                    yield f"{place}: {media_type}"


def numbers_have_a_format(document: Document) -> Iterator[str]:
    """How wide an integer is, how precise a number."""
    for kind in ("integer", "number"):
        for place, schema in schemas(document, kind):
            if not schema.get("format"):
                yield f"{place}: {kind} without format"


def patterns_are_javascripts(document: Document) -> Iterator[str]:
    """JSON Schema's patterns are those of ECMA-262."""
    for place, schema in parts(document):
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and NOT_IN_JAVASCRIPT.search(pattern):
            yield f"{place}: {pattern}"


def bodies_stand_where_http_has_them(document: Document) -> Iterator[str]:
    """No body of a GET, no content of a 204 or 205; a PATCH has a body, and not simply JSON."""
    for path, method, operation in operations(document):
        body = operation.get("requestBody")
        if method == "get" and body is not None:
            yield f"get {path}: has a body"
        if method == "patch" and (body is None or not body.get("required") or "application/json" in body["content"]):
            yield f"patch {path}: needs a patch document"
    for place, status, response in responses(document):
        if status in ("204", "205") and "content" in response:
            yield f"{place}: has content"


def headers_are_not_those_of_openapi_itself(document: Document) -> Iterator[str]:
    """Accept, Content-Type and Authorization are said by media types and security schemes."""
    names = {
        part["name"]: place
        for place, part in parts(document)
        if part.get("in") == "header" and "securitySchemes" not in place
    }
    names |= {name: place for place, _, response in responses(document) for name in response.get("headers", {})}
    for name, place in names.items():
        if name.lower() in ("accept", "content-type", "authorization"):
            yield f"{place}: {name}"


def rate_limit_headers_are_whole(document: Document) -> Iterator[str]:
    """A 429 has all three of them, of one family, or none."""
    for place, status, response in responses(document):
        told = {name for name in response.get("headers", {}) if "RateLimit" in name}
        families = [{f"{prefix}RateLimit-{what}" for what in ("Limit", "Remaining", "Reset")} for prefix in ("", "X-")]
        if status == "429" and told and told not in families:
            yield f"{place}: {sorted(told)}"


def no_secret_stands_in_an_address(document: Document) -> Iterator[str]:
    """Addresses are logged."""
    for place, part in parts(document):
        if part.get("in") in ("query", "path") and CREDENTIALS.search(part.get("name", "")):
            yield f"{place}: {part['name']}"


def keys_travel_in_headers(document: Document) -> Iterator[str]:
    """Neither in the address nor in a cookie; no scheme that is known to be weak."""
    for name, scheme in security_schemes(document):
        if scheme["type"] == "apiKey" and scheme["in"] in ("query", "cookie"):
            yield f"{name}: a key in the {scheme['in']}"
        if scheme["type"] == "http" and scheme["scheme"].lower() in ("negotiate", "oauth"):
            yield f"{name}: {scheme['scheme']}"
        if scheme["type"] == "oauth2":
            yield from weak_oauth2(name, scheme)


def weak_oauth2(name: str, scheme: Json) -> Iterator[str]:
    """Flows that OAuth 2.1 has taken out, and addresses without TLS."""
    for flow, described in scheme["flows"].items():
        if flow in ("implicit", "password"):
            yield f"{name}: {flow}"
        for member, url in described.items():
            if member.endswith("Url") and not url.startswith("https://"):
                yield f"{name}: {url}"


def writes_say_who_may(document: Document) -> Iterator[str]:
    """An operation that changes something names its security; a known scheme, or nobody on purpose."""
    known = {name for name, _ in security_schemes(document)}
    for path, method, operation in operations(document):
        security = operation.get("security", document.get("security"))
        if method in UNSAFE_METHODS and not security:
            yield f"{method} {path}: no security"
        for name in {name for option in security or () for name in option} - known:
            yield f"{method} {path}: {name} is not described"


RULES: Final[tuple[Rule, ...]] = (
    it_says_what_it_is,
    servers_are_described_and_safe,
    there_is_a_status,
    errors_are_problems,
    numbers_have_a_format,
    patterns_are_javascripts,
    bodies_stand_where_http_has_them,
    headers_are_not_those_of_openapi_itself,
    rate_limit_headers_are_whole,
    no_secret_stands_in_an_address,
    keys_travel_in_headers,
    writes_say_who_may,
)
