"""NUL, control characters and what is no UTF-8, at every door there is; and the node's envelope in every encoding."""

import gzip
import re
import zlib
from collections.abc import Iterator
from http import HTTPStatus
from io import BytesIO
from itertools import product
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode
from uuid import UUID

import falcon
import falcon.inspect
import falcon.testing
import pytest

from contracts.rpc import payments
from gateway.app import create_app
from gateway.node_app import create_node_app
from gateway.pagopa import OPTIONS_PATH
from gateway.settings import Settings
from tests.conftest import PROJECT
from tests.unit.gateway.administration_services import Administration
from tests.unit.gateway.gateway_browser import Browser
from tests.unit.gateway.gateway_services import TOKEN, Services, make_practice
from tests.unit.gateway.office_services import OFFICE_TOKEN, Office

STRANGE = {
    "NUL": "%00",
    "escape": "%1B",
    "delete": "%7F",
    "a lone surrogate": "%ED%A0%80",
    "a long NUL": "%C0%80",
    "no UTF-8": "%FF",
    "half a character": "%E2%82",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json", "Idempotency-Key": "a-key-of-the-test"}
FILLED = {"entity": "PM108", "service": "BOLLO_IT", "name": "portal/css/portal.css"}
FILLED |= dict.fromkeys(("practice_id", "operator_id", "invitation_id"), str(UUID(int=1)))


@pytest.fixture(name="app")
def make_app(settings: Settings, services: Services) -> falcon.App[Any, Any]:
    services.add(make_practice(1))
    return create_app(settings, services)


def doors(app: falcon.App[Any, Any]) -> Iterator[tuple[str, str]]:
    """Method and template of every address of pages, API and the rest."""
    for route in falcon.inspect.inspect_routes(app):
        for method in route.methods:
            if not method.internal and method.method != "OPTIONS":
                yield method.method, route.path


def filled(template: str, **values: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: {**FILLED, **values}.get(found[1], "x" * 8), template)


def is_client_error(answer: falcon.testing.Result) -> bool:
    return HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_bytes_are_a_4xx_at_every_door(app: falcon.App[Any, Any], kind: str):
    strange = STRANGE[kind]
    browser = Browser(app)
    browser.log_in()
    token = browser.token()
    found = list(doors(app))
    assert len(found) > 100
    for method, template in found:
        path = filled(template)
        strange_paths = [filled(template, **{name: f"P{strange}"}) for name in names_of(template)]
        statuses = [status_at(app, method, one) for one in (f"{path}{strange}", *strange_paths)]
        assert all(status.startswith("4") for status in statuses), (method, template, statuses)
        asked = [browser.request(method, f"{path}?lingua={strange}"), browser.request(method, f"{path}?{strange}=1")]
        if method in ("POST", "PUT"):
            form = f"csrf_token={token}&notice_number={strange}&x=1"
            asked.append(browser.request(method, path, headers=FORM, body=form))
        assert all(map(is_client_error, asked)), (method, path, [one.status for one in asked])


def test_strange_bytes_in_json_are_a_4xx_at_every_door(app: falcon.App[Any, Any]):
    browser = Browser(app)
    browser.log_in()
    for method, template in doors(app):
        if method not in ("POST", "PUT"):
            continue
        for text in (r"\u0000", r"a\u001Fb", r"\\\u0000", "\\ud800", "\\udfff\\ud800", "\x00", "\x07", r"\b"):
            answer = browser.request(method, filled(template), headers=JSON, body=f'{{"reason": "{text}"}}')
            assert is_client_error(answer), (method, template, text, answer.status)


def status_at(app: Any, method: str, path: str) -> str:
    """The status at an address as it came over the wire: the test client would replace what is no UTF-8."""
    environ = falcon.testing.create_environ("/", method=method, headers={"Cookie": f"session={TOKEN}"})
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
    return run(app, environ)[0]


def names_of(template: str) -> list[str]:
    return re.findall(r"\{(\w+)(?::\w+)?\}", template)


def test_strange_bytes_reach_no_service(app: falcon.App[Any, Any], services: Services):
    browser = Browser(app)
    token = browser.token()
    before = len(services.calls)
    for body in (f"csrf_token={token}&notice_number=301%00", f"csrf_token={token}&fiscal_code=%1f", b"csrf_token=\x00"):
        browser.request("POST", "/enti/PM108/ricerca", headers=FORM, body=body)
    browser.request("POST", "/api/v1/creditors/PM108/searches", headers=JSON, body=r'{"notice_number": "3\u0000"}')
    browser.get("/enti/PM108%00")
    browser.get("/api/v1/creditors/PM%00108")
    assert services.calls[before:] == []


@pytest.mark.parametrize("value", ["a\x00b", "a\x0bb", "a\x7fb", "a\x1b[31m"])
@pytest.mark.parametrize("name", ["X-Api-Key", "Accept-Language", "Referer", "Idempotency-Key", "SOAPAction", "Cookie"])
def test_strange_bytes_in_a_header_are_refused(app: falcon.App[Any, Any], name: str, value: str):
    client = falcon.testing.TestClient(app)
    for path in ("/enti/PM108", "/api/v1/creditors/PM108", "/status/live"):
        environ = falcon.testing.create_environ(path)
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        status, _ = run(client.app, environ)
        assert status.startswith("400 "), path


ODD_HEADERS = {
    "Origin": ["http://[", "http://a]b", "http://localhost:18600@evil.example"],
    "Referer": ["http://[", "http://[::1]]/", "//["],
    "Host": ["[", "a:99999999", ""],
    "Accept-Language": ["en;q=nan", "en;q=1e999", ";;;"],
    "Accept": ["/", "application/json;q=1e999"],
    "Content-Type": ["/", "a/b/c", "multipart/form-data", "multipart/form-data; boundary="],
    "If-None-Match": ['"', "W/"],
    "If-Modified-Since": ["yesterday", "Thu, 99 Zzz 9999 99:99:99 GMT"],
    "Range": ["bytes=-", "bytes=9-1"],
    "Prefer": ["respond-async;;=,,"],
    "X-Correlation-Id": ["../../etc"],
    "Authorization": ["Bearer", "Bearer \u00ff"],
    "Cookie": ["=", "session=; session=", 'visitor="'],
}


def usual_faults(browser: Browser) -> set[tuple[str, str]]:
    """Doors behind which the stand-ins of services fail at whatever is asked of them."""
    token = browser.token()
    statuses = {
        (method, template): browser.request(
            method, filled(template), headers=FORM if method != "GET" else {}, body=f"csrf_token={token}&version=1"
        ).status_code
        for method, template in doors(browser.app)
    }
    return {door for door, status in statuses.items() if status == HTTPStatus.INTERNAL_SERVER_ERROR}


@pytest.fixture(name="everybody")
def make_everybody(app: falcon.App[Any, Any], services: Services) -> Browser:
    """A browser with a session as a citizen and one of an office."""
    office = Office(services)
    Administration(services, office)
    office.become("ufficio", "contabile", "amministratore", "revisore")
    browser = Browser(app)
    log_in_everywhere(browser)
    return browser


def log_in_everywhere(browser: Browser) -> None:
    browser.log_in()
    browser.cookies["office"] = OFFICE_TOKEN


def test_a_header_that_is_none_is_no_fault_of_ours_at_any_door(everybody: Browser):
    faults, tried = usual_faults(everybody), 0
    assert len(faults) < 5, faults
    for method, template in doors(everybody.app):
        if (method, template) in faults:
            continue
        log_in_everywhere(everybody)
        kind, body = (FORM, f"csrf_token={everybody.token()}") if method in ("POST", "PUT") else ({}, "")
        for name, values in ODD_HEADERS.items():
            for value in values:
                headers = {**kind, name: value.encode().decode("latin-1")}
                answer = everybody.request(method, filled(template), headers=headers, body=body)
                assert answer.status_code != HTTPStatus.INTERNAL_SERVER_ERROR, (method, template, name, value)
                tried += 1
    assert tried > 3_000


ODD_TEXTS = (*("9" * 60, "1/1/" + "9" * 40, "-1", "1e999", "²", "2026-13-45", "//[", "a\r\nb", "x" * 600),)
FIELD = re.compile(
    r"""(?:\.get\(|cleaned\(form, |_FIELD: Final = |^    )"([a-z_]{2,30})"(?:[),]|$|: \d+,$)""", re.MULTILINE
)


def fields_of_forms() -> list[str]:
    """Every name by which a page of ours reads a field."""
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "gateway").rglob("*.py")]
    return sorted({name for source in sources for name in FIELD.findall(source)} - {"csrf_token", "key"})


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_an_odd_text_in_any_field_is_no_fault_of_ours(everybody: Browser, text: str):
    names = [name for name in fields_of_forms() if name != "cursor"]  # the stand-ins read it as a number
    assert {"importo", "scadenza", "motivo", "version", "email", "testo"} <= set(names)
    # No form has more than a hundred fields: half of all names each time.
    halves = [urlencode(dict.fromkeys(names[part::2], text)) for part in (0, 1)]
    # The second time they have lost what the first time took away.
    faults = usual_faults(everybody) | usual_faults(everybody)
    assert len(faults) < 6, faults
    assert len(names) < 180
    for (method, template), typed in product(doors(everybody.app), halves):
        if template.startswith("/api/") or method not in ("GET", "POST") or (method, template) in faults:
            continue
        log_in_everywhere(everybody)
        if method == "GET":
            answer = everybody.get(f"{filled(template)}?{typed}")
        else:
            body = f"csrf_token={everybody.token()}&{typed}&version=1"
            answer = everybody.request(method, filled(template), headers=FORM, body=body)
        assert answer.status_code != HTTPStatus.INTERNAL_SERVER_ERROR, (method, template)


def test_strange_bytes_in_a_cookie_are_refused_however_they_are_written(app: falcon.App[Any, Any]):
    for cookie in (r'session="\000"', r'visitor="a\033b"'):
        environ = falcon.testing.create_environ("/enti/PM108")
        environ["HTTP_COOKIE"] = cookie
        assert run(app, environ)[0].startswith("400 "), cookie


def run(app: Any, environ: dict[str, Any]) -> tuple[str, bytes]:
    answered: list[str] = []
    body = b"".join(app(environ, lambda status, _headers, _info=None: answered.append(status)))
    return answered[0], body


@pytest.mark.parametrize("file_name", ['"a\x00.pdf"', '"a\x1b.pdf"', '"\\\x00"'])
def test_strange_bytes_in_a_file_name_are_refused(app: falcon.App[Any, Any], services: Services, file_name: str):
    browser = Browser(app)
    browser.log_in()
    token = browser.token()
    body = (
        f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="document"; filename={file_name}\r\n\r\nx\r\n--b--\r\n'
    ).encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = browser.request("POST", "/enti/PM108/inserimento/CERT_MBD", headers=headers, body=body)
    assert answer.status_code == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    "disposition",
    [
        "form-data; name=\"document\"; filename*=UTF-8''%00.pdf",
        "form-data; name=\"document\"; filename*=nonsense''a.pdf",
        "form-data; name=\"document\"; filename*=UTF-8''%FF.pdf",
        'form-data; name="a\x00"',
    ],
)
def test_a_part_that_cannot_be_named_is_refused(app: falcon.App[Any, Any], disposition: str):
    browser = Browser(app)
    browser.log_in()
    body = f"--b\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--b--\r\n".encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = browser.request("POST", "/enti/PM108/inserimento/CERT_MBD", headers=headers, body=body)
    assert is_client_error(answer)


def test_text_of_every_language_goes_through(browser: Browser, services: Services):
    assert browser.get("/enti/PM108?x=%E2%82%AC%0A%09").status_code == HTTPStatus.OK
    token = browser.token()
    body = f"csrf_token={token}&fiscal_code=%E4%B8%AD%F0%9F%98%80%0D%0A&reference=%C3%A8"
    answer = browser.request("POST", "/enti/PM108/ricerca", headers=FORM, body=body)
    assert answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
    json_body = r'{"fiscal_code": "\\u0000 \u00e8 \ud83d\ude00 \n", "reference": "R"}'
    answer = browser.request("POST", "/api/v1/creditors/PM108/searches", headers=JSON, body=json_body)
    # Past the gate, which names no field: the rule of the field itself refuses the line break.
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [("/fiscal_code", "characters")]


class _BrokenStream(BytesIO):
    def read(self, *_: Any) -> bytes:
        raise OSError("a chunk that is none")

    readline = read


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/xml", "text/csv"]
)
def test_a_body_that_breaks_off_is_the_senders_mistake(app: falcon.App[Any, Any], content_type: str):
    for method, template in doors(app):
        if method not in ("POST", "PUT") or template == OPTIONS_PATH:  # which is posted to without a body
            continue
        environ = falcon.testing.create_environ(filled(template), method=method)
        environ |= {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": "10", "wsgi.input": _BrokenStream()}
        status, _ = run(app, environ)
        assert status.startswith("4"), (template, status)


# --- the node's envelope ---

SOAP = {"SOAPAction": '"paVerifyPaymentNotice"'}
XML = '<?xml version="1.0" encoding="{}"?><a>però</a>'
PLAIN = XML.format("UTF-8")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/xml; charset=utf-8", PLAIN.encode()),
        ("text/xml", PLAIN.encode("utf-8-sig")),
        ("text/xml", XML.format("utf-16").encode("utf-16")),
        ("text/xml; charset=utf-16", XML.format("utf-16").encode("utf-16-le")),
        ("text/xml", XML.format("UTF-16").encode("utf-16-be")),
        ("text/xml; charset=ISO-8859-1", XML.format("ISO-8859-1").encode("latin-1")),
        ("text/xml", XML.format("iso-8859-1").encode("latin-1")),
        ("text/xml; charset=utf-8", XML.format("ISO-8859-1").encode("latin-1")),
        ('text/xml; charset="windows-1252"', XML.format("windows-1252").encode("cp1252")),
        ("text/xml; charset=utf-8", XML.format("ISO-8859-1").encode()),
    ],
)
@pytest.mark.parametrize("packed", ["", "gzip", "deflate"])
def test_an_envelope_is_read_in_every_usual_encoding(
    browser: Browser, services: Services, content_type: str, body: bytes, packed: str
):
    headers = {**SOAP, "Content-Type": content_type}
    if packed:
        headers["Content-Encoding"] = packed
        body = gzip.compress(body) if packed == "gzip" else zlib.compress(body)
    assert browser.request("POST", "/pagopa/pa-for-node", headers=headers, body=body).status_code == HTTPStatus.OK
    [asked] = services.asked(payments.PA_FOR_NODE)
    assert asked.envelope in (PLAIN, '<?xml version="1.0"?><a>però</a>')


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/xml; charset=utf-8"}, b"<a>\xff</a>"),
        ({"Content-Type": "text/xml; charset=utf-16"}, b"\xff\xfe<"),
        ({"Content-Type": "text/xml; charset=nonsense"}, b'<?xml version="1.0" encoding="nonsense"?><a/>'),
        ({"Content-Type": "text/xml; charset=utf-7"}, b'<?xml version="1.0" encoding="utf-7"?><a/>'),
        ({"Content-Type": "text/xml"}, b"<a>\xed\xa0\x80</a>"),
        ({"Content-Type": "text/xml", "Content-Encoding": "gzip"}, b"no gzip"),
        ({"Content-Type": "text/xml", "Content-Encoding": "gzip"}, gzip.compress(PLAIN.encode())[:-9]),
        ({"Content-Type": "text/xml", "Content-Encoding": "br"}, b"x"),
        ({"Content-Type": "text/xml"}, gzip.compress(PLAIN.encode())),
    ],
)
def test_an_envelope_nobody_can_read_gets_the_fault_for_one(
    browser: Browser, services: Services, headers: dict[str, str], body: bytes
):
    """payments answers an empty envelope with the fault of the operation, or a soap:Fault where that is unknown."""
    browser.request("POST", "/pagopa/pa-for-node", headers=SOAP | headers, body=body)
    asked = services.asked(payments.PA_FOR_NODE)
    assert asked == [payments.NodeRequest(soap_action="paVerifyPaymentNotice", envelope="")]


def test_an_envelope_is_as_small_unpacked_as_it_must_be_packed(browser: Browser, services: Services):
    headers = {**SOAP, "Content-Type": "text/xml", "Content-Encoding": "gzip"}
    answer = browser.request("POST", "/pagopa/pa-for-node", headers=headers, body=gzip.compress(b"x" * 100_000_000))
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert services.calls == []


def test_the_nodes_own_process_has_the_door_and_the_gate_and_nothing_else(settings: Settings, services: Services):
    client = falcon.testing.TestClient(create_node_app(settings, services))
    answer = client.simulate_post("/pagopa/pa-for-node", headers={**SOAP, "Content-Type": "text/xml"}, body=PLAIN)
    assert answer.text.startswith("<answer>")
    assert client.simulate_get("/status/live").json == {"status": "live"}
    assert client.simulate_get("/status/ready").status_code == HTTPStatus.OK
    assert client.simulate_get("/metrics").status_code == HTTPStatus.OK
    for path in ("/", "/enti/PM108", "/api/v1/me", "/pagopa/pa-for-node%00"):
        answer = client.simulate_get(path)
        assert (answer.status_code, answer.text) == (HTTPStatus.NOT_FOUND, "not_found\n"), path
    assert answer.headers["x-content-type-options"] == "nosniff"
