import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pypdfium2
import pytest
import zxingcpp

from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.practices import AnnulRequest
from contracts.shapes import Viewer
from tests.conftest import Running


def text_of(pdf: bytes) -> str:
    pages = (page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))
    return " ".join(" ".join(pages).split())


def test_a_citizen_prints_a_notice_whose_codes_read_back(office):
    practice = office.owed()
    pdf = office.notice(practice)
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=300 / 72).to_pil()
    codes = {str(code.format): code.text for code in zxingcpp.read_barcodes(page)}
    number = practice.notice_number
    assert codes["QR Code"] == f"PAGOPA|002|{number}|80012345676|14850"
    assert codes["Data Matrix"].startswith(f"codfase=NBPA;18{number}12001012345678100000014850")
    assert "Rata unica entro il 31/12/2026" in text_of(pdf)


def test_a_notice_is_announced_once_per_content_and_printed_again_from_what_is_stored(office):
    practice = office.owed()
    first = office.notice(practice)
    assert office.notice(practice) == first
    (event,) = office.issued(practice)
    assert event["type"] == "NoticeIssued.v1"
    assert event["data"]["notice_number"] == practice.notice_number
    assert event["data"]["language"] == "it"
    office.notice(practice, language="en")
    office.owed(external_id=practice.external_id, amount_cents=20_000)
    office.notice(practice)
    issued = office.issued(practice)
    assert [int(event["sequence"]) for event in issued] == [1, 2, 3]
    assert len({event["data"]["content_sha256"] for event in issued}) == 3
    assert office.stored(practice) == 3


def test_two_people_printing_at_once_make_one_event(office):
    practice = office.owed()
    with ThreadPoolExecutor(6) as people:
        drawn = list(people.map(lambda _: office.notice(practice), range(6)))
    assert len(set(drawn)) == 1
    assert len(office.issued(practice)) == 1


def test_somebody_elses_practice_is_not_found(office):
    practice = office.owed()
    stranger = Viewer(citizen_id=UUID(int=8), fiscal_code=FiscalCode("VRDLCU80A01F205X"))
    for ask in (office.notice, office.receipt):
        with pytest.raises(Refused) as refused:
            ask(practice, stranger)
        assert refused.value.code == ErrorCode.PRACTICE_NOT_FOUND


def test_a_practice_found_by_notice_number_alone_is_printed_with_its_mask(office):
    practice = office.owed()
    visitor = Viewer(visitor_id="v1", granted_practice_ids=[practice.id])
    text = text_of(office.notice(practice, visitor))
    assert "Mario" not in text
    assert "RSSMRA85T10A562S" not in text
    assert "148,50" in text


def test_a_cancelled_practice_has_no_notice(office):
    practice = office.owed()
    annul = AnnulRequest(entity_code="PM108", external_id=practice.external_id, reason="Sgravio")
    office.rpc.call(practices.ANNUL_DEBT, annul)
    with pytest.raises(Refused) as refused:
        office.notice(practice)
    assert refused.value.code == ErrorCode.PRACTICE_CANCELLED


def test_a_practice_paid_twice_has_no_notice_and_a_receipt_with_both_payments(office, eventually):
    practice = office.owed()
    with pytest.raises(Refused) as refused:
        office.receipt(practice)
    assert refused.value.code == ErrorCode.RECEIPT_NOT_FOUND
    paid = [office.pay(practice), office.pay(practice)]
    eventually(lambda: office.state_of(practice) == "paid")
    with pytest.raises(Refused) as refused:
        office.notice(practice)
    assert refused.value.code == ErrorCode.PRACTICE_PAID
    text = text_of(office.receipt(practice))
    for receipt_id in paid:
        assert receipt_id in text
    assert "Luca Verdi" in text
    assert "Pagamento ulteriore" in text
    assert "PAYMENT RECEIPT" in text_of(office.receipt(practice, language="en"))
    for one, other, is_further in ((*paid, False), (*reversed(paid), True)):
        alone = text_of(office.receipt(practice, receipt_id=one))
        assert (one in alone, other in alone) == (True, False)
        assert ("Pagamento ulteriore" in alone) is is_further
    with pytest.raises(Refused) as refused:
        office.receipt(practice, receipt_id="somebody-elses")
    assert refused.value.code == ErrorCode.RECEIPT_NOT_FOUND
    visitor = Viewer(visitor_id="v1", granted_practice_ids=[practice.id])
    masked = text_of(office.receipt(practice, visitor))
    assert paid[0] in masked
    assert "Verdi" not in masked
    assert "Rossi" not in masked
    assert office.issued(practice) == []


def test_the_service_goes_on_when_its_renderer_is_killed(office):
    practice = office.owed()
    office.notice(practice)
    (renderer,) = children_of(office.notices)
    os.kill(renderer, signal.SIGKILL)
    assert text_of(office.notice(practice, language="en"))


def test_names_stay_out_of_the_log(office):
    practice = office.owed(full_name="Ermenegildo Rossi")
    office.notice(practice)
    assert "rpc_served" in office.notices.log()
    assert "Ermenegildo" not in office.notices.log()
    assert "RSSMRA85T10A562S" not in office.notices.log()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_renderers_end_with_their_service(run_service, eventually, end):
    running = run_service("notices", env={"RENDER_WORKERS": "2"})
    eventually(lambda: len(children_of(running)) == 2)
    renderers = children_of(running)
    getattr(running, end)()
    eventually(lambda: not any(is_alive(renderer) for renderer in renderers))


def children_of(running: Running) -> list[int]:
    """Process ids of the processes that a service started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == running.process.pid:
            found.append(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
