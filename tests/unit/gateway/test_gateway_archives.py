"""Settlement flows as files: ZIPs that are bombs or broken, and the size that one message may have."""

import base64
import bz2
import contextlib
import io
import random
import zipfile

import pytest

from contracts.errors import ErrorCode, Refused
from gateway.flow_files import XML_MAX_BYTES, for_payments

XML = b"<?xml version='1.0'?><FlussoRiversamento>" + b"<row/>" * 50 + b"</FlussoRiversamento>"


def zipped(content: bytes, method: int = zipfile.ZIP_DEFLATED, files: int = 1) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for number in range(files):
            archive.writestr(f"flow-{number}.xml", content)
    return target.getvalue()


def refusal_of(content: bytes) -> ErrorCode:
    with pytest.raises(Refused) as refused:
        for_payments(content)
    return refused.value.code


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("wrapped", [bytes, base64.encodebytes])
def test_a_stored_or_deflated_flow_is_read_with_base64_or_without(method: int, wrapped):
    assert for_payments(wrapped(zipped(XML, method))) == XML
    assert for_payments(wrapped(XML)) == XML


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused_before_they_are_unpacked(method: int):
    assert refusal_of(zipped(XML, method)) is ErrorCode.SETTLEMENT_UNREADABLE


def test_a_bomb_is_refused_by_its_ratio_and_by_its_size():
    assert refusal_of(zipped(b"<" + b"0" * 20_000_000)) is ErrorCode.SETTLEMENT_UNREADABLE
    assert refusal_of(zipped(b"<" + b"0" * (XML_MAX_BYTES + 1))) in (
        ErrorCode.SETTLEMENT_UNREADABLE,
        ErrorCode.IMPORT_TOO_LARGE,
    )
    assert refusal_of(zipped(b"<" + b"0" * (XML_MAX_BYTES + 1), zipfile.ZIP_STORED)) is ErrorCode.IMPORT_TOO_LARGE
    assert refusal_of(b"<" + b"0" * XML_MAX_BYTES) is ErrorCode.IMPORT_TOO_LARGE


def test_a_directory_that_lies_about_the_size_changes_nothing():
    content = bytearray(zipped(b"<" + b"0" * 20_000_000))
    real = (20_000_001).to_bytes(4, "little")
    assert content.count(real) == 2
    lying = bytes(content).replace(real, (100).to_bytes(4, "little"))
    assert refusal_of(lying) is ErrorCode.SETTLEMENT_UNREADABLE


def test_a_zip_holds_one_file():
    assert refusal_of(zipped(XML, files=2)) is ErrorCode.SETTLEMENT_UNREADABLE
    assert refusal_of(zipped(XML, files=0)) is ErrorCode.SETTLEMENT_UNREADABLE


def test_whatever_is_broken_in_a_zip_is_the_senders_mistake():
    whole = zipped(XML)
    randomly = random.Random(9)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(randomly.randrange(1, 6)):
            broken[randomly.randrange(2, len(broken))] = randomly.randrange(256)
        with contextlib.suppress(Refused):
            for_payments(bytes(broken))
    for cut in range(2, len(whole), 7):
        assert refusal_of(whole[:cut]) is ErrorCode.SETTLEMENT_UNREADABLE
    assert for_payments(bz2.compress(XML)).startswith(b"BZh"), "no ZIP at all is for payments to refuse"


def test_a_large_flow_fits_into_one_message():
    row = b"<datiSingoliPagamenti><identificativoUnivoco>%017d</identificativoUnivoco></datiSingoliPagamenti>"
    large = b"<x>" + b"".join(row % number for number in range(220_000)) + b"</x>"
    assert 20_000_000 < len(large) < XML_MAX_BYTES
    sent = for_payments(large)
    assert len(sent) < 4_000_000
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert archive.read("flow.xml") == large
    noise = b"<" + random.Random(1).randbytes(13_000_000)
    assert refusal_of(noise) is ErrorCode.IMPORT_TOO_LARGE
