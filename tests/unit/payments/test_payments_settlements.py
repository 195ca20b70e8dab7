"""Settlement flows as files, and what each row of one means."""

import base64
import contextlib
import io
import json
import re
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc.payments import ReceivedTransfer
from services.payments.domain.settlements import ExpectedTransfers, Finding, FlowRow, Outcome, find, flow_id_in
from services.payments.hostile_xml import relax_ng
from services.payments.settlement import flow_parser, flow_reader
from services.payments.settlement.flow_parser import read_file

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "pagopa"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="the official pagoPA schema is not here")
BODY, OTHER = "80012345676", "00743110157"
ROW = """<datiSingoliPagamenti>
<identificativoUnivocoVersamento>{iuv}</identificativoUnivocoVersamento>
<identificativoUnivocoRiscossione>{iur}</identificativoUnivocoRiscossione>
<indiceDatiSingoloPagamento>1</indiceDatiSingoloPagamento>
<singoloImportoPagato>{amount}</singoloImportoPagato>
<codiceEsitoSingoloPagamento>{outcome}</codiceEsitoSingoloPagamento>
<dataEsitoSingoloPagamento>2026-11-20</dataEsitoSingoloPagamento></datiSingoliPagamenti>"""


def flow(*rows, total="12.34", count="1", extra=""):
    inside = "".join(rows) or ROW.format(iuv="1", iur="r", amount="12.34", outcome="0")
    return f"""<?xml version="1.0" encoding="UTF-8"?>{extra}
<FlussoRiversamento xmlns="http://www.digitpa.gov.it/schemas/2011/Pagamenti/">
<versioneOggetto>1.0</versioneOggetto><identificativoFlusso>2026-11-21BESEITM1-1</identificativoFlusso>
<dataOraFlusso>2026-11-21T23:40:00</dataOraFlusso>
<identificativoUnivocoRegolamento>TRN1</identificativoUnivocoRegolamento><dataRegolamento>2026-11-21</dataRegolamento>
<istitutoMittente><identificativoUnivocoMittente><tipoIdentificativoUnivoco>B</tipoIdentificativoUnivoco>
<codiceIdentificativoUnivoco>BESEITM1</codiceIdentificativoUnivoco></identificativoUnivocoMittente></istitutoMittente>
<istitutoRicevente><identificativoUnivocoRicevente><tipoIdentificativoUnivoco>G</tipoIdentificativoUnivoco>
<codiceIdentificativoUnivoco>{BODY}</codiceIdentificativoUnivoco></identificativoUnivocoRicevente></istitutoRicevente>
<numeroTotalePagamenti>{count}</numeroTotalePagamenti><importoTotalePagamenti>{total}</importoTotalePagamenti>
{inside}</FlussoRiversamento>""".encode()


def zipped(*files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for number, content in enumerate(files):
            writer.writestr(f"{number}.xml", content)
    return archive.getvalue()


def why_refused(content):
    with pytest.raises(Refused) as caught:
        read_file(content)
    return caught.value.code


# --- files ---


@needs_specs
def test_the_official_sample_is_read():
    read = read_file((SPECS / "samples" / "15_FlussoRiversamento.xml").read_bytes())
    assert (read.flow_id, read.total_cents, read.count) == ("2021-11-21ABI00000-AABB648200001295", 123456, 1)
    assert read.flow_at == datetime(2021, 11, 21, 22, 40, tzinfo=UTC)
    assert (read.settled_on, read.receiver_fiscal_code) == (date(2021, 11, 22), "77777777777")
    assert read.adds_up


@needs_specs
def test_what_the_soap_primitive_carries_in_base64_is_the_same_flow():
    answer = (SPECS / "samples" / "19_nodoChiediFlussoRendicontazione_response.xml").read_text()
    carried = re.findall(r"<xmlRendicontazione>(.*)</xmlRendicontazione>", answer)[0]
    assert read_file(carried.encode()) == read_file((SPECS / "samples" / "15_FlussoRiversamento.xml").read_bytes())


@needs_specs
@pytest.mark.parametrize("version", ["1_0_4", "1_0_5"])
@pytest.mark.parametrize(
    "change",
    [
        ("<versioneOggetto>1.0", "<versioneOggetto>1.2"),
        ("2026-11-21BESEITM1-1", "2026/11/21"),
        ("2026-11-21T23:40:00", "21/11/2026"),
        ("12.34", "12,34"),
        ("12.34", "12.3"),
        (">B<", ">C<"),
        (">G<", ">B<"),
        ("<numeroTotalePagamenti>1", "<numeroTotalePagamenti>0"),
        ("DatiSingoloPagamento>1<", "DatiSingoloPagamento>6<"),
        ("EsitoSingoloPagamento>0<", "EsitoSingoloPagamento>7<"),
        ("<dataRegolamento>2026-11-21</dataRegolamento>", ""),
        ("TRN1", ""),
        ("TRN1", "T" * 36),
        ("dati", "altri"),
        ("", ""),
    ],
)
def test_our_schema_and_the_official_one_agree(version, change):
    content = flow().replace(change[0].encode(), change[1].encode()) if change[0] else flow()
    official = etree.XMLSchema(etree.parse(SPECS / "xsd" / "xsd-common" / f"FlussoRiversamento_{version}.xsd"))
    assert relax_ng(flow_parser.SCHEMA_FILE).validate(etree.fromstring(content)) == official.validate(
        etree.fromstring(content)
    )


@pytest.mark.parametrize("outcome", [0, 3, 4, 8, 9])
def test_the_outcomes_of_both_versions_are_read(outcome):
    assert read_file(flow(ROW.format(iuv="1", iur="r", amount="12.34", outcome=outcome))).rows[0].outcome == outcome


def test_a_flow_is_read_from_a_zip_and_from_base64_of_either():
    for content in (
        zipped(flow()),
        base64.b64encode(flow()),
        base64.encodebytes(zipped(flow())),
        b"\xef\xbb\xbf" + flow(),
    ):
        assert read_file(content) == read_file(flow())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ErrorCode.IMPORT_EMPTY),
        (b" \n", ErrorCode.IMPORT_EMPTY),
        (b"hello", ErrorCode.SETTLEMENT_UNREADABLE),
        (b"<a>", ErrorCode.SETTLEMENT_UNREADABLE),
        (b"<a/>", ErrorCode.SETTLEMENT_UNREADABLE),
        (b"PK\x03\x04", ErrorCode.SETTLEMENT_UNREADABLE),
        (zipped(flow(), flow()), ErrorCode.SETTLEMENT_UNREADABLE),
        (flow(extra="<!DOCTYPE a [<!ENTITY b 'c'>]>"), ErrorCode.SETTLEMENT_UNREADABLE),
        (flow(extra="<!DOCTYPE a SYSTEM 'file:///etc/passwd'>"), ErrorCode.SETTLEMENT_UNREADABLE),
        (flow().decode().replace("UTF-8", "UTF-16").encode("utf-16"), ErrorCode.SETTLEMENT_UNREADABLE),
    ],
)
def test_what_is_no_flow_is_refused(content, code):
    assert why_refused(content) == code


def test_a_zip_bomb_is_not_unpacked_beyond_the_cap():
    assert why_refused(zipped(b"<" + b" " * (flow_parser.MAX_XML_BYTES + 10))) == ErrorCode.IMPORT_TOO_LARGE


def test_totals_that_do_not_hold_are_seen():
    assert read_file(flow()).adds_up
    assert not read_file(flow(total="12.35")).adds_up
    assert not read_file(flow(count="2")).adds_up


ODD_ROWS = {
    "an outcome that is none": ("<codiceEsitoSingoloPagamento>0", "<codiceEsitoSingoloPagamento>7"),
    "an amount without cents": ("1.00<", "1<"),
    "an amount in Italian": ("1.00<", "1,00<"),
    "no IUV": ("<identificativoUnivocoVersamento>2</identificativoUnivocoVersamento>", ""),
    "an empty IUR": (">r2<", "><"),
    "a day that is none": ("2026-11-20", "2026-02-30"),
    "a day as Italians write it": ("2026-11-20", "20/11/2026"),
    "an index beyond five": ("<indiceDatiSingoloPagamento>1", "<indiceDatiSingoloPagamento>6"),
    "an element nobody knows": ("<indiceDati", "<altro/><indiceDati"),
    "elements in another order": (">r2<", ">r2</identificativoUnivocoRiscossione><identificativoUnivocoRiscossione>x<"),
}


@pytest.mark.parametrize("odd", ODD_ROWS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_odd_row_of_a_flow_is_named_and_the_others_are_read(odd, place):
    rows = [ROW.format(iuv=number, iur=f"r{number}", amount="1.00", outcome=0) for number in ("1", "3")]
    rows.insert(place, ROW.format(iuv="2", iur="r2", amount="1.00", outcome=0).replace(*ODD_ROWS[odd]))
    read = read_file(flow(*rows, total="3.00", count="3"))
    assert [row.iur for row in read.rows] == ["r1", "r3"]
    [unread] = read.unread
    assert unread.position == place + 1
    assert unread.reason
    assert not read.adds_up
    assert flow_reader.read_flow(flow(*rows, total="3.00", count="3")) == read, "so it is in the process that reads"


def test_a_flow_of_odd_rows_alone_is_refused():
    odd = ROW.format(iuv="1", iur="r", amount="1.00", outcome=7)
    assert why_refused(flow(odd, odd)) == ErrorCode.SETTLEMENT_UNREADABLE


def test_what_is_odd_beside_the_rows_refuses_the_flow():
    good = ROW.format(iuv="1", iur="r", amount="12.34", outcome=0)
    assert why_refused(flow(good, "<altro/>")) == ErrorCode.SETTLEMENT_UNREADABLE
    assert why_refused(flow(good, good.replace(">r<", "><"), total="x")) == ErrorCode.SETTLEMENT_UNREADABLE


@pytest.mark.parametrize(
    "change",
    [
        (b"<?xml", b"\n <?xml"),
        (b"<identificativoFlusso>", b"<identificativoFlusso><![CDATA[]]>"),
        (b">TRN1<", b"><!-- TRN -->TRN1<"),
        (b"2026-11-21T23:40:00", b"2026-11-21T23:40:00.1234567"),
        (b"<dataRegolamento>2026-11-21", b"<dataRegolamento>2026-11-21+01:00"),
        (b">12.34<", b">0012.34<"),
        (
            b"<datiSingoliPagamenti>",
            b'<datiSingoliPagamenti xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="0">',
        ),
    ],
)
def test_a_flow_is_read_however_its_xml_is_written(change):
    assert change[0] in flow()
    read = read_file(flow().replace(*change))
    assert (read.flow_id, read.total_cents, len(read.rows), read.adds_up) == ("2026-11-21BESEITM1-1", 1234, 1, True)


# --- rows ---


def share(index, amount, body=BODY, iban="IT60X0542811101000000123456"):
    return ReceivedTransfer(id_transfer=index, amount_cents=AmountCents(amount), fiscal_code=body, iban=iban)


def row(amount=100, index=1, outcome=Outcome.EXECUTED):
    return FlowRow(iuv="1", iur="r", index=index, amount_cents=amount, outcome=outcome, paid_on=date(2026, 11, 20))


def finding(asked, *, receipt=None, notice=None, reported=()):
    verdict = find(
        asked,
        receipt=None if receipt is None else ExpectedTransfers.to(BODY, receipt),
        notice=None if notice is None else ExpectedTransfers.to(BODY, notice),
        reported=frozenset(reported),
    )
    return verdict.finding, verdict.transfer


SHARES = [share(1, 100), share(2, 200), share(3, 300, OTHER), share(4, 1600, iban=None)]


@pytest.mark.parametrize(
    ("asked", "known", "expected"),
    [
        (row(), {"receipt": SHARES}, (Finding.REPORTED, 1)),
        (row(200, 2), {"receipt": SHARES, "notice": SHARES}, (Finding.REPORTED, 2)),
        (row(200, None), {"receipt": SHARES}, (Finding.REPORTED, 2)),
        (row(), {"receipt": SHARES, "reported": [1]}, (Finding.REPEATED, None)),
        (row(101), {"receipt": SHARES}, (Finding.AMOUNT_DIFFERS, None)),
        (row(300, 3), {"receipt": SHARES}, (Finding.AMOUNT_DIFFERS, None)),
        (row(1600, 4), {"receipt": SHARES}, (Finding.AMOUNT_DIFFERS, None)),
        (row(outcome=Outcome.WITHOUT_REQUEST), {"notice": SHARES}, (Finding.RECOVERED, 1)),
        (row(outcome=Outcome.STAND_IN_WITHOUT_REQUEST), {"notice": SHARES}, (Finding.RECOVERED, 1)),
        (row(outcome=Outcome.STAND_IN), {"receipt": SHARES}, (Finding.REPORTED, 1)),
        (row(99, outcome=Outcome.WITHOUT_REQUEST), {"notice": SHARES}, (Finding.AMOUNT_DIFFERS, None)),
        (row(), {}, (Finding.UNKNOWN, None)),
        (row(outcome=Outcome.REVOKED), {"receipt": SHARES}, (Finding.REVOKED, None)),
    ],
)
def test_each_row_is_found_to_be_one_thing(asked, known, expected):
    assert finding(asked, **known) == expected


def test_two_transfers_of_one_amount_are_told_apart_by_their_index_only():
    twins = [share(1, 100), share(2, 100)]
    assert finding(row(100, None), receipt=twins) == (Finding.AMOUNT_DIFFERS, None)
    assert finding(row(100, 2), receipt=twins) == (Finding.REPORTED, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/PUR/LGPE-RIVERSAMENTO pagamenti del 20261121/URI/2026-11-21BESEITM1-1", "2026-11-21BESEITM1-1"),
        ("/PUR/LGPE-RIVERSAMENTO/URI/2026-11-21BES\nEITM1-1 ", "2026-11-21BESEITM1-1"),
        ("BONIFICO DA ROSSI", None),
    ],
)
def test_the_flow_is_named_in_the_text_of_the_bank_credit(text, expected):
    assert flow_id_in(text) == expected


# --- read in a process of its own ---


def test_a_flow_is_read_elsewhere_as_it_is_read_here_and_never_in_this_process(monkeypatch):
    rows = [ROW.format(iuv=str(number), iur=f"r{number}", amount="0.01", outcome="0") for number in range(2_450)]
    content = flow(*rows, total="24.50", count="2450")
    here = read_file(content)
    monkeypatch.setattr(flow_parser, "_read_xml", lambda _: pytest.fail("read in this process"))
    assert flow_reader.read_flow(content) == here
    assert len(here.rows) == 2_450


@pytest.mark.parametrize("content", [b"", b"no flow", b"PK no ZIP", flow(total="x")])
def test_what_is_refused_here_is_refused_elsewhere_with_the_same_reason(content):
    with pytest.raises(Refused) as here:
        read_file(content)
    with pytest.raises(Refused) as elsewhere:
        flow_reader.read_flow(content)
    assert (elsewhere.value.code, elsewhere.value.params) == (here.value.code, here.value.params)


def test_a_reader_that_dies_is_an_outage_and_the_next_flow_is_read(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unavailable):
        flow_reader.read_flow(flow())
    monkeypatch.undo()
    assert flow_reader.read_flow(flow()).flow_id == "2026-11-21BESEITM1-1"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_otherwise_than_stored_or_deflated_is_refused(method):
    assert refused_as(zip_of(flow(), method)) is ErrorCode.SETTLEMENT_UNREADABLE


def test_a_bomb_is_refused_while_it_is_read():
    assert refused_as(zip_of(b"<" + b"0" * 20_000_000)) is ErrorCode.IMPORT_TOO_LARGE


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_a_broken_zip_is_refused_whatever_is_raised_over_it(place):
    content = bytearray(zip_of(flow()))
    content[place % len(content)] ^= 0xFF
    with contextlib.suppress(Refused):
        read_file(bytes(content))


def zip_of(content, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("flow.xml", content)
    return target.getvalue()


def refused_as(content):
    with pytest.raises(Refused) as refused:
        read_file(content)
    return refused.value.code


BANK_CREDITS = Path(__file__).parents[4] / "shared" / "cases" / "b07-b25-bank-credits.json"


def test_the_flow_that_a_bank_credit_of_the_field_names_is_found_in_its_text() -> None:
    if not BANK_CREDITS.exists():
        pytest.skip("shared/cases is not here")
    cases = json.loads(BANK_CREDITS.read_text())
    named = {one["text"]: one["expected_flow_id"] for one in cases if "expected_flow_id" in one}
    assert len(named) == 4
    assert {text: str(flow_id_in(text)).casefold() for text in named} == {
        text: flow_id.casefold() for text, flow_id in named.items()
    }
    assert flow_id_in("/PUR/LGPE-RIVERSAMENTO/URI/2") is None


@pytest.mark.parametrize(
    ("text", "flow_id"),
    [
        ("/PUR/LGPE-RIVERSAMENTO/URI/2026-11-24ABCDITMM-00000\n00001", "2026-11-24ABCDITMM-00000"),
        ("RIVERSAMENTO / U R I / 2026-11-24 ABCDITMM-0000000001 SALDO", "2026-11-24ABCDITMM-0000000001"),
        ("/PUR/LGPE-RIVERSAMENTO/URI/2026-11-24ABCDITMM-0000000001/TXT/CONSERVATORIO", "2026-11-24ABCDITMM-0000000001"),
        ("/URI/2026-11-24ABCDITMM-0000000001;", "2026-11-24ABCDITMM-0000000001"),
        ("/PUR/LGPE-RIVERSAMENTO/URI/24-11-2026ABCDITMM-1", None),
        ("URI 2026-11-24ABCDITMM-0000000001", None),
    ],
)
def test_a_flow_is_found_in_a_text_however_the_bank_breaks_it(text: str, flow_id: str | None) -> None:
    """One that ends in the middle of a line is a guess, which known flows put right."""
    assert flow_id_in(text) == flow_id
