"""Debt files that are none: archives and bombs of every kind, bytes and JSON that nobody means.

Whatever comes is refused, or becomes rows whose every text a database takes.
"""

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import files, packed_files
from services.practices.debt_file.rows import Row
from tests.unit.practices.test_practices_debt_file import HEADER, SERVICES, line

GOOD: Final = f"{HEADER}\n{line()}\n".encode()


def rows_of(content: bytes) -> list[Row]:
    """Read a file in pieces and at once; none where it is refused."""
    found: list[list[Row]] = []
    for read in (
        lambda: list(files.read_pieces(lambda: [content[:7], content[7:]], SERVICES)),
        lambda: list(files.read(content, SERVICES)),
        lambda: files.check_beginning(content[:300]),
    ):
        try:
            found += [rows] if isinstance(rows := read(), list) else []
        except Refused as refused:
            assert_storable(refused.params)
    return [row for rows in found for row in rows]


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from texts_in(key)
            yield from texts_in(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from texts_in(held)


def assert_storable(value: Any) -> None:
    for text in texts_in(value):
        assert "\x00" not in text
        text.encode()  # a lone surrogate would raise


def zipped(method: int, **files_in_it: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files_in_it.items():
            archive.writestr(name, content)
    return target.getvalue()


def gzip_with(flags: int) -> bytes:
    packed = bytearray(gzip.compress(GOOD))
    packed[3] = flags
    return bytes(packed)


ARCHIVES: Final = {
    "ZIP, deflated": zipped(zipfile.ZIP_DEFLATED, debts=GOOD),
    "ZIP, stored": zipped(zipfile.ZIP_STORED, debts=GOOD),
    "ZIP, bzip2": zipped(zipfile.ZIP_BZIP2, debts=GOOD),
    "ZIP, lzma": zipped(zipfile.ZIP_LZMA, debts=GOOD),
    "ZIP of a ZIP": zipped(zipfile.ZIP_DEFLATED, debts=zipped(zipfile.ZIP_DEFLATED, debts=GOOD)),
    "an empty ZIP": zipped(zipfile.ZIP_STORED),
    "a workbook": zipped(zipfile.ZIP_DEFLATED, **{"xl/workbook.xml": b"<workbook/>", "[Content_Types].xml": b"<x/>"}),
    "bzip2": bz2.compress(GOOD),
    "xz": lzma.compress(GOOD),
    "lzma": lzma.compress(GOOD, lzma.FORMAT_ALONE),
    "zlib": zlib.compress(GOOD),
    "raw deflate": zlib.compress(GOOD)[2:-4],
    "Zstandard": b"\x28\xb5\x2f\xfd\x04\x00" + GOOD,
    "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(24),
    "RAR": b"Rar!\x1a\x07\x01\x00" + bytes(24),
    "tar": b"debts.csv".ljust(257, b"\x00") + b"ustar\x00",
    "Unix compress": b"\x1f\x9d\x90" + GOOD,
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "gzip of gzip": gzip.compress(gzip.compress(GOOD)),
    "gzip of a ZIP": gzip.compress(zipped(zipfile.ZIP_DEFLATED, debts=GOOD)),
    "gzip, broken off": gzip.compress(GOOD)[:-9],
    "gzip, without its length": gzip.compress(GOOD)[:-4],
    "gzip with another check sum": gzip.compress(GOOD)[:-8] + bytes(8),
    "gzip with more behind it": gzip.compress(GOOD) + b"more",
    "gzip of a method nobody has": b"\x1f\x8b\x07" + gzip.compress(GOOD)[3:],
    "gzip with flags nobody has": gzip_with(0xE0),
    "gzip with a name that never ends": gzip_with(0x08)[:10] + b"x" * 5_000,
    "gzip with an extra field beyond its end": gzip_with(0x04)[:10] + b"\xff\xff",
    "the mark of gzip alone": b"\x1f\x8b",
    "gzip of nothing": gzip.compress(b""),
    "a thousand gzips of nothing": gzip.compress(b"") * 1_000,
    "XML": b'<?xml version="1.0"?><debts/>',
    "HTML": b"<!doctype html><table><tr><td>1</td></tr></table>",
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_of_another_kind_is_refused_and_loads_nothing(kind: str) -> None:
    assert rows_of(ARCHIVES[kind]) == []


def test_several_gzips_one_after_the_other_are_one_file() -> None:
    packed = gzip.compress(GOOD[:50]) + gzip.compress(b"") + gzip.compress(GOOD[50:])
    assert [row.external_id for row in files.read_pieces(lambda: [packed], SERVICES)] == ["TARI-1"]


BOMBS: Final = {
    "zeros": bytes(1_000_000),
    "one letter": b"x" * 1_000_000,
    "empty lines": b"\n" * 1_000_000,
    "quotes": b'"' * 1_000_000,
    "separators": b";" * 1_000_000,
    "brackets": b"[" * 1_000_000,
    "braces": b'{"a":' * 200_000,
}


@pytest.mark.parametrize("members", [1, 50])
@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_unpacked_no_further_than_a_file_may_be_long(kind: str, members: int) -> None:
    packed = gzip.compress(BOMBS[kind]) * members
    read: list[int] = []
    with pytest.raises(Refused) as refused:
        read.extend(map(len, packed_files.unpacked([packed], 500_000)))
    assert refused.value.code is ErrorCode.IMPORT_TOO_LARGE
    assert sum(read) <= 500_000
    assert len(packed_files.beginning(packed, 64 * 1024)) == 64 * 1024


@pytest.mark.parametrize("kind", BOMBS)
def test_what_is_in_a_bomb_is_no_debt(kind: str) -> None:
    assert [row.good for row in rows_of(BOMBS[kind]) if row.good] == []


def test_a_packed_file_that_is_broken_anywhere_is_the_senders_mistake() -> None:
    whole = gzip.compress(GOOD)
    randomly = random.Random(9)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(randomly.randrange(1, 6)):
            broken[randomly.randrange(2, len(broken))] = randomly.randrange(256)
        rows_of(bytes(broken))


@given(content=st.binary(max_size=300))
@example(content=b"\x00")
@example(content=b"\xff\xfe\x00\xd8")
@example(content=b"\xef\xbb\xbf\x00;\x00")
@example(content=b"codice_debito\x00;servizio")
def test_any_bytes_are_refused_or_rows_that_can_be_stored(content: bytes) -> None:
    for row in rows_of(content):
        assert_storable(asdict(row))


@given(
    cells=st.dictionaries(
        st.sampled_from(HEADER.split(";")),
        st.text(st.characters(blacklist_characters=";\r\n"), max_size=40),
        max_size=4,
    ),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_any_text_in_any_cell_is_refused_alone_or_can_be_stored(cells: dict[str, str], encoding: str) -> None:
    text = f"{HEADER}\n{line(**cells)}\n{line(codice_debito='GOOD')}\n"
    content = text.encode(encoding, errors="replace")
    found = rows_of(content)
    for row in found:
        assert_storable(asdict(row))
    if '"' not in "".join(cells.values()) and found:
        assert "GOOD" in [row.external_id for row in found if row.good]


ODD: Final[Mapping[str, Any]] = {
    "NUL": "a\x00b",
    "a lone surrogate": "a\ud800b",
    "two of them the wrong way round": "\udfff\ud800",
    "no character": "a\uffffb",
    "a byte order mark inside": "a\ufeffb",
    "a line separator": "a\u2028b",
    "a next line": "a\x85b",
    "a direction": "a\u202eb",
    "half of everything": "a" * 100_000,
    "a number": 10**400,
    "a truth": True,
    "a list": ["a"],
    "an object": {"a": 1},
    "null": None,
    "a fraction": 0.1,
}
FIELDS: Final = (
    *("external_id", "service_code", "fiscal_code", "full_name", "email", "amount_cents", "description", "due_date"),
    *("debt_position", "option", "instalment", "schedule", "beneficiary", "a field nobody knows", "\x00", "\ud800"),
)
DEBT: Final[Mapping[str, Any]] = {
    "external_id": "TARI-1",
    "service_code": "TARI",
    "fiscal_code": "RSSMRA85T10A562S",
    "full_name": "Rossi Mario",
    "amount_cents": 14_850,
    "description": "TARI 2026",
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("field", FIELDS)
def test_an_odd_value_in_json_refuses_its_own_row_at_most(kind: str, field: str) -> None:
    odd, good = {**DEBT, field: ODD[kind]}, {**DEBT, "external_id": "GOOD"}
    for text in (f"{json.dumps(odd)}\n{json.dumps(good)}\n", json.dumps([odd, good])):
        found = rows_of(text.encode())
        for row in found:
            assert_storable(asdict(row))
        assert [row.external_id for row in found if row.external_id == "GOOD" and row.good] == ["GOOD"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "[" * 9_999,
        '{"a":' * 9_999,
        '"\\u',
        '{"external_id":',
        "{}" * 5,
        "[[]]",
    ],
)
def test_json_that_is_no_debt_stops_nothing_behind_it(text: str) -> None:
    lines = f"{json.dumps(DEBT)}\n{text}\n{json.dumps({**DEBT, 'external_id': 'GOOD'})}\n"
    assert [row.external_id for row in rows_of(lines.encode()) if row.good] == ["TARI-1", "GOOD"] * 2
    alone = rows_of(text.encode())
    assert [row.good for row in alone if row.good] == []
