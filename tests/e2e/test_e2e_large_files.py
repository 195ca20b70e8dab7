"""A debt file as a large body sends it: at night 100,000 rows and 24 MiB, in every run a twentieth of that."""

import time
from uuid import uuid4

import pytest

from tests.e2e.running import CREDITOR, PortalCopy, until
from tests.e2e.test_e2e_api import HEADER, row, send
from tests.shares import share

ROWS = share(in_ci=5_000, nightly=100_000)
# So many bytes at least.
BYTES = share(in_ci=1, nightly=24) * 1024 * 1024
LONG = {"causale": "TARI " + "x" * 130, "cognome_nome": "Rossi " + "M" * 60}
# Whether it comes to an end is asked here, not how fast: that is for the benchmarks.
LOADED_WITHIN_S = 3_000


@pytest.mark.timeout(LOADED_WITHIN_S + 300)
def test_a_debt_file_of_a_hundred_thousand_rows_is_taken_and_loaded(
    portal: PortalCopy, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = uuid4().hex[:8]
    reference = f"{mark}-{'r' * 30}-{{}}"
    content = (HEADER + "".join(row(reference.format(number), **LONG) for number in range(ROWS))).encode()
    assert len(content) >= BYTES
    paid = portal.put_debt(f"e2e-beside-{mark}")["notice_number"]
    began_at = time.monotonic()
    begun = send(portal, content)
    taken_s = time.monotonic() - began_at
    assert (begun.status_code, begun.json()["rows"]) == (202, [])
    address = begun.headers["Location"].removeprefix("/api/v1")
    states, answers_s = [], []

    def is_done() -> bool:
        states.append(portal.api("GET", f"{address}?limit=1").json())
        assert states[-1]["state"] in {"waiting", "checking", "loading", "done"}, states[-1]
        answers_s.append(answered_s(portal, paid))
        return bool(states[-1]["state"] == "done")

    until(is_done, timeout_s=LOADED_WITHIN_S, what="the import")
    loaded_s = time.monotonic() - began_at
    report, usual_s = states[-1], sorted(answers_s)[len(answers_s) // 2]
    assert (report["accepted"], report["refused"], report["checked_rows"]) == (ROWS, 0, ROWS)
    last = portal.api("GET", f"{address}?after_line={ROWS}").json()["rows"][-1]
    assert last["external_id"] == reference.format(ROWS - 1)
    with capfd.disabled():
        print(
            f"\n{ROWS} rows, {len(content) / 1024 / 1024:.1f} MiB: taken in {taken_s:.1f} s, loaded in {loaded_s:.1f} s"
            f" ({ROWS / loaded_s:.0f} rows/s); the node answered meanwhile in {usual_s:.3f} s, at most"
            f" {max(answers_s):.3f} s",
            flush=True,
        )


def answered_s(portal: PortalCopy, notice: str) -> float:
    """Ask as the node does; return how long the answer took."""
    began_at = time.monotonic()
    code = f"<qrCode><fiscalCode>{CREDITOR}</fiscalCode><noticeNumber>{notice}</noticeNumber></qrCode>"
    assert "<outcome>OK</outcome>" in portal.node_call("paVerifyPaymentNotice", code).text
    return time.monotonic() - began_at
