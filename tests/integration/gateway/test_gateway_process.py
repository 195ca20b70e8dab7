"""The gateway as it runs in production: gunicorn threads in front of RabbitMQ and real services."""

import hashlib
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests

from services.practices.usecases import catalogue

CATALOGUE = json.loads((Path(__file__).parents[3] / "sandbox/data/catalogue.json").read_text())
HEADER = b"codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
UNUSED_BROKER = "amqp://guest:guest@127.0.0.1:1//"


@pytest.fixture(name="practices")
def _practices(service_database: Any, run_service: Any) -> Any:
    """The practices service with the catalogue of the running example."""
    catalogue.load_catalogue(service_database("practices"), CATALOGUE)
    return run_service("practices")


def token_of(page: requests.Response) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page.text)
    assert found
    return found[1]


def test_an_anonymous_student_inserts_finds_and_sees_a_practice(start_gateway: Any, practices: Any):
    url = start_gateway().url
    browser = requests.Session()
    form = browser.get(f"{url}/enti/PM108/inserimento/CONTRIB_ST", timeout=10)
    key = re.search(r'name="key" value="([^"]+)"', form.text)
    assert key
    fields = {
        "csrf_token": token_of(form),
        "key": key[1],
        "anonymous": "si",
        "full_name": "Doe Jane",
        "course": "Pianoforte",
        "school": "Conservatorio",
        "contribution_type": "Contributo",
        "amount": "150,00",
    }
    shown = browser.post(form.url, data=fields, timeout=10)
    assert re.fullmatch(rf"{url}/enti/PM108/pratiche/[0-9a-f-]{{36}}/codice\?messaggio=inserita", shown.url)
    assert "Contributo - Doe Jane - Pianoforte - Conservatorio" in shown.text
    assert browser.post(form.url, data=fields, timeout=10).url == shown.url

    notice_number = re.search(r"301\d{15}", re.sub(r"\s|<[^>]*>", "", shown.text))
    assert notice_number
    stranger = requests.Session()
    search = stranger.get(f"{url}/enti/PM108", timeout=10)
    found = stranger.post(
        f"{url}/enti/PM108/ricerca",
        data={"csrf_token": token_of(search), "notice_number": notice_number[0]},
        timeout=10,
    )
    assert found.status_code == HTTPStatus.OK
    assert "150,00" in found.text
    assert not {"Doe", "Jane", "Pianoforte"} & set(re.findall(r"\w+", found.text.split("<main")[1]))


def test_a_page_says_when_its_service_is_down_and_recovers_by_itself(
    start_gateway: Any, practices: Any, run_service: Any, eventually: Callable[..., Any]
):
    url = start_gateway().url
    browser = requests.Session()
    token = token_of(browser.get(f"{url}/enti/PM108", timeout=10))
    data = {"csrf_token": token, "notice_number": "301000000000000144"}
    assert browser.post(f"{url}/enti/PM108/ricerca", data=data, timeout=10).status_code == HTTPStatus.NOT_FOUND

    practices.stop()
    down = browser.post(f"{url}/enti/PM108/ricerca", data=data, timeout=10)
    assert down.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Servizio momentaneamente non disponibile" in down.text
    assert requests.get(f"{url}/enti/PM108", timeout=10).status_code == HTTPStatus.OK, "what is known is still shown"
    ready = requests.get(f"{url}/status/ready", timeout=10)
    assert ready.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert ready.json()["parts"]["practices"]["status"] == "down"

    run_service("practices")
    assert requests.get(f"{url}/status/ready", timeout=10).json()["parts"]["practices"]["status"] == "up"
    eventually(
        lambda: browser.post(f"{url}/enti/PM108/ricerca", data=data, timeout=10).status_code == HTTPStatus.NOT_FOUND
    )


def test_without_the_broker_pages_and_health_say_so(start_gateway: Any):
    url = start_gateway(AMQP_URL=UNUSED_BROKER).url
    page = requests.get(f"{url}/enti/PM108", timeout=30)
    assert page.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "i tuoi dati e i tuoi pagamenti sono al sicuro" in page.text
    assert requests.get(f"{url}/status/live", timeout=10).ok
    ready = requests.get(f"{url}/status/ready", timeout=10)
    assert {part["status"] for part in ready.json()["parts"].values()} == {"down"}
    node = requests.post(f"{url}/pagopa/pa-for-node", data=b"<x/>", headers={"Content-Type": "text/xml"}, timeout=15)
    assert node.status_code == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_body_without_a_length_is_counted_while_it_streams(start_gateway: Any, practices: Any):
    url = start_gateway().url
    browser = requests.Session()
    token = token_of(browser.get(f"{url}/enti/PM108", timeout=10))
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def stream(size: int) -> Any:
        yield f"csrf_token={token}&fiscal_code=".encode()
        for _ in range(size):
            yield b"x" * 1024

    accepted = browser.post(f"{url}/enti/PM108/ricerca", data=stream(1), headers=form, timeout=10)
    assert accepted.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    refused = browser.post(f"{url}/enti/PM108/ricerca", data=stream(70), headers=form, timeout=10)
    assert refused.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize("has_length", [True, False])
def test_a_debt_file_larger_than_any_other_body_goes_through_in_parts(
    start_gateway: Any, practices: Any, tmp_path: Path, eventually: Callable[..., Any], *, has_length: bool
):
    keys = tmp_path / "keys.json"
    key = {"sha256": hashlib.sha256(b"a-key").hexdigest(), "entity_code": "PM108", "name": "tests"}
    keys.write_text(json.dumps([{**key, "scopes": ["imports:write"]}]))
    gateway = start_gateway(API_KEYS_FILE=str(keys))
    imports, headers = (
        f"{gateway.url}/api/v1/creditors/PM108/imports",
        {"X-Api-Key": "a-key", "Content-Type": "text/csv"},
    )
    # Larger than what is collected before a thread gets it; in one line, so that nothing but the way is long.
    body = HEADER + b"\n" + b"x" * (40 * 1024 * 1024)
    content: Any = body if has_length else (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    begun = requests.post(imports, data=content, headers=headers, timeout=120)
    assert (begun.status_code, begun.json()["state"]) == (202, "waiting"), begun.text
    address = gateway.url + begun.headers["Location"]

    def report() -> Any:
        return requests.get(address, headers=headers, timeout=20).json()

    eventually(lambda: report()["state"] not in {"waiting", "checking", "loading"})
    assert (report()["state"], [row["code"] for row in report()["rows"]]) == ("done", ["invalid_request"])
    children = Path(f"/proc/{gateway.process.process.pid}/task/{gateway.process.process.pid}/children").read_text()
    for pid in children.split():
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        assert peak
        assert int(peak[1]) < 256 * 1024


def test_threads_of_one_process_answer_each_its_own_visitor(start_gateway: Any, practices: Any):
    url = start_gateway(SEARCH_RATE="1000/minute").url

    def visit(number: int) -> tuple[str, str]:
        browser = requests.Session()
        correlation_id = f"visit-number-{number:04d}"
        page = browser.get(f"{url}/enti/PM108", headers={"X-Correlation-Id": correlation_id}, timeout=20)
        answer = browser.post(
            f"{url}/enti/PM108/ricerca",
            data={"csrf_token": token_of(page), "fiscal_code": f"TYPED-{number}", "reference": "R"},
            timeout=20,
        )
        assert f'value="TYPED-{number}"' in answer.text
        return page.headers["X-Correlation-Id"], correlation_id

    with ThreadPoolExecutor(max_workers=12) as threads:
        assert all(given == got for given, got in threads.map(visit, range(60)))


def test_a_missing_secret_stops_the_start_and_names_it(start_process: Any, eventually: Callable[..., Any]):
    running = start_process("-m", "gunicorn", "--bind", "127.0.0.1:0", "gateway.wsgi:application")
    eventually(lambda: running.process.poll() is not None)
    assert "SECRET_KEY" in running.log()
