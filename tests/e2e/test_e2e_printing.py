"""Many notices printed as a job over HTTP and fetched as the ZIP, as one PDF, and as the list of what was refused."""

import io
import zipfile
from typing import Any, Final
from uuid import uuid4

import pypdf

from tests.e2e.running import ENTITY, PortalCopy, until

JOBS: Final = f"/creditors/{ENTITY}/print-jobs"


def finished(portal: PortalCopy, job: dict[str, Any]) -> bool:
    return bool(portal.api("GET", f"{JOBS}/{job['id']}").json()["finished_at"])


def test_a_body_prints_many_notices_and_fetches_them_in_one_file(portal: PortalCopy) -> None:
    mark = uuid4().hex[:8]
    debts = [portal.put_debt(f"{mark}-{number}") for number in range(3)]
    portal.api("DELETE", f"/creditors/{ENTITY}/debts/{mark}-1", json={"reason": "Emesso per errore"})
    body = {"external_ids": [*(f"{mark}-{number}" for number in range(3)), f"{mark}-never"], "second_language": "en"}
    key = {"Idempotency-Key": f"print-{mark}"}
    taken = portal.api("POST", JOBS, json=body, headers=key)
    assert taken.status_code == 202
    job = taken.json()
    assert portal.api("POST", JOBS, json=body, headers=key).json()["id"] == job["id"]
    until(lambda: finished(portal, job), timeout_s=60, what="the end of the printing job")

    merged = portal.api("GET", f"{JOBS}/{job['id']}/merged")
    assert merged.headers["Content-Type"] == "application/pdf"
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(merged.content)).pages]
    for page, debt in zip(pages, (debts[0], debts[2]), strict=True):
        digits = debt["notice_number"]
        assert " ".join(digits[start : start + 4] for start in range(0, 18, 4)) in page
        assert "Payment Notice" in page
    refusals = portal.api("GET", f"{JOBS}/{job['id']}/refusals").text.splitlines()
    assert refusals == ["codice_debito;motivo", f"{mark}-1;practice_cancelled", f"{mark}-never;practice_not_found"]
    archive = zipfile.ZipFile(io.BytesIO(portal.api("GET", f"{JOBS}/{job['id']}/archive").content))
    assert [name.partition("-")[0] for name in archive.namelist()] == ["00001", "00003", "refused.csv"]
    assert archive.read("refused.csv").decode().splitlines() == refusals
