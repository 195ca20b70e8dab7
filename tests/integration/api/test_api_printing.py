"""Printing many notices: the job, its progress, the archive sent as it is put together."""

import io
import zipfile

from falcon.testing import TestClient

from contracts.errors import ErrorCode
from contracts.rpc import notices
from gateway.api import examples
from tests.integration.api.fake_services import FakeServices

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
    assert (asked["idempotency_key"], asked["external_ids"]) == ("print-2026-11", ["TARI-1", "TARI-2"])
    assert (asked["language"], asked["second_language"]) == ("it", "de")
    assert client.simulate_get(JOB, headers=ALL).json["printed"] == examples.PRINT_JOB["printed"]


def test_a_key_without_the_scope_prints_nothing(client: TestClient) -> None:
    result = client.simulate_post(JOBS, json=BODY, headers={"X-Api-Key": "other-entity", "Idempotency-Key": "print-1"})
    assert (result.status_code, result.json["code"]) == (403, ErrorCode.SCOPE_MISSING)


def test_a_job_that_does_not_exist_is_not_found(client: TestClient) -> None:
    other = f"{JOBS}/00000000-0000-4000-8000-000000000000"
    assert client.simulate_get(other, headers=ALL).status_code == 404
    assert client.simulate_get(f"{other}/archive", headers=ALL).status_code == 404


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
