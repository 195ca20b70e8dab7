"""Printing many notices: the job, its progress, the ZIP and the merged PDF sent as they are put together."""

import base64
import io
import zipfile

import pypdf
import pytest
from falcon.testing import TestClient

from contracts.errors import ErrorCode
from contracts.rpc import notices
from gateway.api import examples
from gateway.api.json_values import JsonObject
from services.notices.documents.pdf.render import render
from tests.integration.api.fake_services import FakeServices
from tests.unit.notices.conftest import a_notice

JOBS = "/api/v1/creditors/PM108/print-jobs"
JOB = f"{JOBS}/{examples.PRINT_JOB['id']}"
ALL = {"Authorization": "Bearer all"}
BODY = {"external_ids": ["TARI-1", "TARI-2"], "second_language": "de"}


def test_a_job_is_taken_once_per_key_and_says_where_its_progress_stands(
    client: TestClient, services: FakeServices
) -> None:
    result = client.simulate_post(JOBS, json=BODY, headers={**ALL, "Idempotency-Key": "print-2026-11"})
    assert result.status_code == 202
    assert result.headers["Location"] == JOB
    asked = services.asked(notices.START_JOB)
    assert (asked.idempotency_key, asked.external_ids) == ("print-2026-11", ["TARI-1", "TARI-2"])
    assert (asked.language, asked.second_language) == ("it", "de")
    assert client.simulate_get(JOB, headers=ALL).json["printed"] == examples.PRINT_JOB["printed"]


def test_a_key_without_the_scope_prints_nothing(client: TestClient) -> None:
    result = client.simulate_post(JOBS, json=BODY, headers={"X-Api-Key": "other-entity", "Idempotency-Key": "print-1"})
    assert (result.status_code, result.json["code"]) == (403, ErrorCode.SCOPE_MISSING)


def test_a_job_that_does_not_exist_is_not_found(client: TestClient) -> None:
    other = f"{JOBS}/00000000-0000-4000-8000-000000000000"
    assert client.simulate_get(other, headers=ALL).status_code == 404
    for what in ("archive", "merged", "refusals"):
        assert client.simulate_get(f"{other}/{what}", headers=ALL).status_code == 404


def test_the_archive_holds_every_document_and_why_others_are_missing(client: TestClient) -> None:
    result = client.simulate_get(f"{JOB}/archive", headers=ALL)
    assert result.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(result.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 31
        assert archive.namelist()[0] == "00001-avviso-1.pdf"
        assert archive.read("refused.csv").decode().splitlines() == [
            "codice_debito;motivo",
            "TARI-5;practice_paid",
        ]


@pytest.fixture
def real_notices(services: FakeServices) -> None:
    """Make every document of the job a real one."""
    answer = services.answers[notices.JOB_DOCUMENTS.name]
    content = base64.b64encode(render(a_notice())).decode()

    def with_real_content(request: notices.JobDocumentsRequest) -> JsonObject:
        page = answer(request)
        items = [item | {"content_base64": item["content_base64"] and content} for item in page["items"]]
        return {**page, "items": items}

    services.answers[notices.JOB_DOCUMENTS.name] = with_real_content


@pytest.mark.usefixtures("real_notices")
def test_the_merged_document_holds_every_notice_in_the_order_of_the_job(client: TestClient) -> None:
    result = client.simulate_get(f"{JOB}/merged", headers=ALL)
    assert result.headers["Content-Type"] == "application/pdf"
    assert f"avvisi-{examples.PRINT_JOB['id']}.pdf" in result.headers["Content-Disposition"]
    document = pypdf.PdfReader(io.BytesIO(result.content))
    assert len(document.pages) == len(document.outline) == 30
    assert result.content == client.simulate_get(f"{JOB}/merged", headers=ALL).content
    two_sided = client.simulate_get(f"{JOB}/merged", params={"two_sided": "true"}, headers=ALL)
    assert len(pypdf.PdfReader(io.BytesIO(two_sided.content)).pages) == 60


def test_there_is_no_merged_document_while_nothing_is_printed(client: TestClient, services: FakeServices) -> None:
    services.answers[notices.JOB_DOCUMENTS.name] = lambda _: {"items": [], "next_after": None}
    assert client.simulate_get(f"{JOB}/merged", headers=ALL).status_code == 404


def test_what_was_refused_is_listed_without_fetching_what_was_printed(
    client: TestClient, services: FakeServices
) -> None:
    result = client.simulate_get(f"{JOB}/refusals", headers=ALL)
    assert result.headers["Content-Type"].startswith("text/csv")
    assert result.text.splitlines() == ["codice_debito;motivo", "TARI-5;practice_paid"]
    assert services.asked(notices.JOB_DOCUMENTS).with_content is False


@pytest.mark.parametrize("what", ["archive", "merged", "refusals"])
def test_only_a_key_that_may_print_fetches_what_was_printed(client: TestClient, what: str) -> None:
    result = client.simulate_get(f"{JOB}/{what}", headers={"X-Api-Key": "other-entity"})
    assert result.status_code == 403
