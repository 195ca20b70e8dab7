"""The stand-ins for the archive of notices and for BizEvents keep to the official files (sections 1 and 3.3)."""

import io
import json
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import falcon.testing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # -- no stubs in the lock

from sandbox.pagopa.aca import rules
from sandbox.pagopa.app import create_app
from sandbox.pagopa.settings import Settings
from sandbox.pagopa.switches import Switches
from tests.conftest import wait_until

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "specs" / "pagopa"
CF = "80012345676"
BASE = f"/aca/debt-positions-service/v1/organizations/{CF}"
BULK = f"/upload/aca/debt-positions-service/v2/brokers/{CF}/organizations/{CF}/debtpositions/file"
KEY = {"Ocp-Apim-Subscription-Key": "secret"}


def official(file: str, name: str) -> Draft202012Validator:
    path = SHARED / "openapi" / file
    if not path.exists():
        pytest.skip("the official OpenAPI files are not here")
    document = json.loads(path.read_text())
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def sample(name: str) -> Any:
    path = SHARED / "samples" / name
    if not path.exists():
        pytest.skip("the samples are not here")
    return json.loads(path.read_text())


def position(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a position of our own making, valid by the official file."""
    iuv = f"010000000000{number:05d}"
    return {
        "iupd": f"{CF}-TEST-{number}",
        "type": "F",
        "fiscalCode": "RSSMRA80A01H501U",
        "fullName": "Mario Rossi",
        "payStandIn": True,
        "switchToExpired": False,
        "companyName": "Comune di Esempio",
        "paymentOption": [
            {
                "nav": f"3{iuv}",
                "iuv": iuv,
                "amount": 12_000,
                "description": "Mensa",
                "isPartialPayment": False,
                "dueDate": "2099-12-31T22:59:59Z",
                "paymentOptionMetadata": [],
                "transfer": [
                    {
                        "idTransfer": "1",
                        "amount": 12_000,
                        "organizationFiscalCode": CF,
                        "remittanceInformation": "Mensa",
                        "category": "9/0101108TS/",
                        "iban": "IT60X0542811101000000123456",
                        "companyName": "Comune di Esempio",
                        "transferMetadata": [],
                    }
                ],
            }
        ],
        **changes,
    }


@pytest.fixture
def client(tmp_path: Path) -> falcon.testing.TestClient:
    made = Settings(
        home=tmp_path,
        url="http://localhost:8089",
        node_url="http://127.0.0.1:9/x",
        catalogue_file=ROOT / "sandbox" / "data" / "catalogue.json",
        subscription_key="secret",
        late_receipt_s=0.5,
        retry_delays_s=(60.0,),
        senders=1,
    )
    return falcon.testing.TestClient(create_app(made), headers=KEY)


def create(client: falcon.testing.TestClient, body: Any, *, publish: bool = True) -> falcon.testing.Result:
    return client.simulate_post(f"{BASE}/debtpositions", params={"toPublish": str(publish).lower()}, json=body)


def test_the_sample_is_taken_and_shown_as_the_official_file_describes(client: falcon.testing.TestClient) -> None:
    asked = sample("27_aca_createDebtPosition_request.json")
    answer = create(client, asked)
    assert answer.status_code == 201
    official("gpd_aca.json", "PaymentPositionModel").validate(answer.json)
    shown = client.simulate_get(f"{BASE}/debtpositions/{asked['iupd']}")
    official("gpd_aca.json", "PaymentPositionModelBaseResponse").validate(shown.json)
    expected = sample("28_aca_getDebtPosition_response_200.json")
    assert shown.json.keys() == expected.keys()
    assert shown.json["paymentOption"][0].keys() == expected["paymentOption"][0].keys()
    assert "fiscalCode" not in shown.json


MUTATIONS: list[tuple[tuple[str | int, ...], Any]] = [
    (("iupd",), None),
    (("type",), "X"),
    (("fullName",), None),
    (("companyName",), "x" * 141),
    (("officeName",), "x" * 141),
    (("switchToExpired",), None),
    (("switchToExpired",), "no"),
    (("country",), "it"),
    (("paymentOption", 0, "amount"), 0),
    (("paymentOption", 0, "amount"), "12000"),
    (("paymentOption", 0, "description"), "x" * 141),
    (("paymentOption", 0, "dueDate"), None),
    (("paymentOption", 0, "isPartialPayment"), None),
    (("paymentOption", 0, "iuv"), None),
    (("paymentOption", 0, "paymentOptionMetadata"), None),
    (("paymentOption", 0, "transfer", 0, "idTransfer"), 1),
    (("paymentOption", 0, "transfer", 0, "idTransfer"), "6"),
    (("paymentOption", 0, "transfer", 0, "amount"), 0),
    (("paymentOption", 0, "transfer", 0, "category"), None),
    (("paymentOption", 0, "transfer", 0, "remittanceInformation"), "x" * 141),
    (("paymentOption", 0, "transfer", 0, "iban"), "IT60 X054"),
    (("paymentOption", 0, "transfer", 0, "companyName"), "x" * 141),
    (("paymentOption", 0, "transfer", 0, "transferMetadata"), None),
]


@pytest.mark.parametrize(("path", "value"), MUTATIONS)
def test_what_the_official_file_refuses_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    body: Any = position()
    holder = body
    for step in path[:-1]:
        holder = holder[step]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    now = Switches().now()
    with pytest.raises(rules.Refusal):
        rules.check(body, now)
    # The official file leaves the length of an IUV and the kind of a country code to its texts.
    assert list(official("gpd_aca.json", "PaymentPositionModel").iter_errors(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from([path for path, _ in MUTATIONS] + [("paymentOption",), ("paymentOption", 0, "transfer")]),
    value=JSON,
)
def test_nothing_is_taken_that_the_official_file_refuses(path: tuple[str | int, ...], value: Any) -> None:
    body: Any = deepcopy(position())
    holder = body
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    try:
        rules.check(body, Switches().now())
    except rules.Refusal:
        return
    official("gpd_aca.json", "PaymentPositionModel").validate(body)


def test_an_id_or_a_number_is_used_once_for_ever(client: falcon.testing.TestClient) -> None:
    assert create(client, position(1)).status_code == 201
    again = create(client, position(1))
    assert (again.status_code, again.json["title"]) == (409, "The debt position violated constraints of uniqueness")
    assert create(client, position(1, iupd="another")).status_code == 409
    assert client.simulate_delete(f"{BASE}/debtpositions/{CF}-TEST-1").status_code == 200
    assert client.simulate_get(f"{BASE}/debtpositions/{CF}-TEST-1").status_code == 404
    assert create(client, position(1)).status_code == 409


def test_the_life_cycle_is_the_specification_s(client: falcon.testing.TestClient) -> None:
    address = f"{BASE}/debtpositions/{CF}-TEST-1"

    def status() -> str:
        found: str = client.simulate_get(address).json["status"]
        return found

    create(client, position(1), publish=False)
    assert status() == "DRAFT"
    assert client.simulate_post(f"{address}/invalidate").status_code == 409
    assert client.simulate_post(f"{address}/publish").status_code == 200
    assert status() == "VALID"
    client.simulate_put(address, params={"toPublish": "false"}, json=position(1))
    assert status() == "DRAFT"
    client.simulate_put(address, params={"toPublish": "true"}, json=position(1))
    assert status() == "VALID"
    assert client.simulate_post(f"{address}/invalidate").status_code == 200
    refused = client.simulate_put(address, params={"toPublish": "true"}, json=position(1))
    assert (status(), refused.status_code) == ("INVALID", 409)


def test_the_clock_can_be_moved_and_what_expires_expires(client: falcon.testing.TestClient) -> None:
    option = {**position(1)["paymentOption"][0], "dueDate": "2030-01-01T22:59:59Z"}
    create(client, position(1, switchToExpired=True, paymentOption=[option]))
    create(client, position(2, paymentOption=[{**option, "nav": "301000000000000022", "iuv": "01000000000000022"}]))
    client.simulate_post("/sandbox/switches", json={"ahead_s": 10 * 365 * 86_400})
    statuses = {one["iupd"]: one["status"] for one in client.simulate_get("/sandbox/archive").json["positions"]}
    assert statuses == {f"{CF}-TEST-1": "EXPIRED", f"{CF}-TEST-2": "VALID"}


def test_closing_answers_as_the_sample(client: falcon.testing.TestClient) -> None:
    create(client, position(1))
    address = f"{BASE}/paymentoptions/paids/301000000000000001"
    answer = client.simulate_post(address, json={"paymentDate": "2026-12-01T09:30:00Z"})
    official("gpd_aca.json", "PaymentsModelResponse").validate(answer.json)
    assert answer.json["idReceipt"] == "CLOSED_AS_ALREADY_PAID_BY_EC"
    assert client.simulate_post(address, json={"paymentDate": "2026-12-01T09:30:00Z"}).status_code == 409
    unknown = client.simulate_post(
        f"{BASE}/paymentoptions/paids/{'9' * 18}", json={"paymentDate": "2026-12-01T09:30:00Z"}
    )
    assert (unknown.status_code, unknown.json["title"]) == (404, "Not found the payment option")


def test_the_list_has_pages_and_a_range_of_thirty_days(client: falcon.testing.TestClient) -> None:
    for number in range(1, 6):
        create(client, position(number))
    dates = {"due_date_from": "2099-12-10", "due_date_to": "2099-12-31"}
    page = client.simulate_get(f"{BASE}/debtpositions", params={**dates, "limit": "2", "page": "2"})
    official("gpd_aca.json", "PaymentPositionsInfo").validate(page.json)
    assert page.json["page_info"] == {"page": 2, "limit": 2, "items_found": 1, "total_pages": 3}
    too_long = client.simulate_get(
        f"{BASE}/debtpositions", params={"due_date_from": "2099-01-01", "due_date_to": "2099-12-31"}
    )
    assert (too_long.status_code, too_long.json["title"]) == (400, "The debt positions cannot be recovered")


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_the_next_calls_can_be_answered_otherwise(client: falcon.testing.TestClient, status: int) -> None:
    client.simulate_post("/sandbox/switches", json={"answer": {"api": "aca", "status": status, "calls": 2}})
    assert [create(client, position(1)).status_code for _ in range(3)] == [status, status, 201]


def test_a_key_of_another_and_a_creditor_that_is_not_the_keys_are_refused(client: falcon.testing.TestClient) -> None:
    wrong = client.simulate_get(f"{BASE}/debtpositions", headers={"Ocp-Apim-Subscription-Key": "x"})
    assert wrong.status_code == 401
    other = client.simulate_get(f"{BASE.replace(CF, '99999999990')}/debtpositions")
    assert (other.status_code, other.json["title"]) == (403, "The payment position is forbidden")


def test_too_many_calls_are_refused_with_the_time_to_wait(client: falcon.testing.TestClient) -> None:
    client.simulate_post("/sandbox/switches", json={"limits": {"aca": [2, 3_600]}})
    answers = [client.simulate_get(f"{BASE}/debtpositions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 3_000


def zipped(body: Any, *names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("positions.json",):
            archive.writestr(name, body if isinstance(body, str) else json.dumps(body))
    return made.getvalue()


def upload(client: falcon.testing.TestClient, content: bytes, method: str = "POST") -> falcon.testing.Result:
    boundary = "b0undary"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="p.zip"\r\n'
    body = head.encode() + b"Content-Type: application/zip\r\n\r\n" + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {**KEY, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    return client.simulate_request(method, BULK, body=body, headers=headers)


def report_of(client: falcon.testing.TestClient, location: str) -> dict[str, Any]:
    address = "/upload/aca/debt-positions-service/v2/" + location.removesuffix("/status")
    early: list[int] = []

    def has_ended() -> bool:
        if client.simulate_get(f"{address}/status").json["operationStatus"] != "IN_PROGRESS":
            return True
        early.append(client.simulate_get(f"{address}/report").status_code)
        return False

    wait_until(has_ended)
    # The file may have ended between the last two questions.
    assert early[0] == 425
    assert set(early[:-1]) <= {425}
    assert early[-1] in {200, 425}
    status = client.simulate_get(f"{address}/status")
    assert status.json["operationStatus"] != "IN_PROGRESS"
    official("gpd_aca_massive_v2.json", "UploadStatusDTO").validate(status.json)
    report = client.simulate_get(f"{address}/report")
    official("gpd_aca_massive_v2.json", "UploadReportDTO").validate(report.json)
    body: dict[str, Any] = report.json
    return body


def test_a_file_is_taken_worked_off_and_reported(client: falcon.testing.TestClient) -> None:
    client.simulate_post("/sandbox/switches", json={"limits": {"bulk": [10_000, 1]}})
    create(client, position(2))
    answer = upload(client, zipped({"paymentPositions": [position(1), position(2), position(3, type="X")]}))
    assert answer.status_code == 202
    assert answer.headers["retry-after"].endswith("ms")
    report = report_of(client, answer.headers["location"])
    assert {entry["statusCode"]: entry["iupds"] for entry in report["responses"]} == {
        201: [f"{CF}-TEST-1"],
        400: [f"{CF}-TEST-3"],
        409: [f"{CF}-TEST-2"],
    }
    changed = upload(client, zipped({"paymentPositions": [position(1, companyName="Altro"), position(9)]}), "PUT")
    report = report_of(client, changed.headers["location"])
    assert {entry["statusCode"] for entry in report["responses"]} == {200, 404}
    gone = upload(client, zipped({"paymentPositionIUPDs": [f"{CF}-TEST-1"]}), "DELETE")
    assert report_of(client, gone.headers["location"])["responses"][0]["statusCode"] == 200


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"no zip", "NOT A ZIP FILE"),
        (zipped("{}", "a.json", "b.json"), "INVALID FILE"),
        (zipped("{}", "a.txt"), "INVALID FILE"),
        (zipped(""), "EMPTY FILE"),
        (zipped("{"), "INVALID JSON"),
        (zipped({"positions": []}), "INVALID JSON"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_specification_s_text(
    client: falcon.testing.TestClient, content: bytes, title: str
) -> None:
    answer = upload(client, content)
    assert (answer.status_code, answer.json["title"]) == (400, title)


def pay(client: falcon.testing.TestClient, outcome: str = "lost") -> str:
    body = {"creditor_fiscal_code": CF, "notice_number": "301000000000000001", "outcome": outcome}
    receipt_id: str = client.simulate_post("/sandbox/archive/pay", json=body).json["receipt_ids"][0]
    return receipt_id


def test_biz_events_answers_as_the_official_file_describes(client: falcon.testing.TestClient) -> None:
    create(client, position(1))
    iur = pay(client)
    base = f"/bizevents/service/v1/organizations/{CF}/receipts"
    for address in (f"{base}/{iur}", f"{base}/{iur}/paymentoptions/01000000000000001"):
        answer = client.simulate_get(address)
        assert answer.status_code == 200
        official("biz_events.json", "CtReceiptModelResponse").validate(answer.json)
        assert answer.json["paymentAmount"] == 120.0
        assert "standIn" not in answer.json
    missing = client.simulate_get(f"{base}/{'0' * 31}1")
    expected = sample("49_bizevents_problem_404.json")
    assert missing.json == expected
    assert client.simulate_get(f"{base}/{iur}/paymentoptions/01000000000000099").json["code"] == "BZ_404_001"
    assert client.simulate_get(f"{base}/00000000000000000000000000000422").status_code == 422


def test_biz_events_refuses_the_eleventh_call_in_an_hour(client: falcon.testing.TestClient) -> None:
    address = f"/bizevents/service/v1/organizations/{CF}/receipts/x"
    assert [client.simulate_get(address).status_code for _ in range(11)] == [404] * 10 + [429]


def test_a_notice_is_paid_by_stand_in_once_and_only_where_it_may(client: falcon.testing.TestClient) -> None:
    create(client, position(1))
    create(client, position(2, payStandIn=False))
    pay(client, "never")
    assert client.simulate_get(f"{BASE}/debtpositions/{CF}-TEST-1").json["status"] == "PAID"
    for number in ("301000000000000001", "301000000000000002", "9" * 18):
        body = {"creditor_fiscal_code": CF, "notice_number": number}
        assert client.simulate_post("/sandbox/archive/pay", json=body).status_code == 409


def test_the_page_shows_the_archive_and_its_buttons_work(client: falcon.testing.TestClient) -> None:
    create(client, position(1))
    page = client.simulate_get("/archive").text
    assert "3010 0000 0000 0000 01" in page
    assert "Pagabile" in page
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    client.simulate_post("/archive", body="do=off", headers=form)
    assert "Spenta" in client.simulate_get("/archive").text
    paying = f"do=pay_and_lose&ente={CF}&avviso=301000000000000001"
    assert client.simulate_post("/archive", body=paying, headers=form).status_code == 303
    page = client.simulate_get("/archive").text
    assert "Persa" in page
    assert "Pagata" in page
    client.simulate_post("/archive", body="do=on", headers=form)
    assert "Accesa" in client.simulate_get("/archive").text
