"""A debt file read in pieces, packed or not: the same rows as at once, and no more of it than may be."""

import gzip
from collections.abc import Iterator

import pytest

from contracts.errors import ErrorCode, Refused
from services.practices.debt_file import charset, files, packed_files
from services.practices.debt_file.columns import COLUMNS
from services.practices.debt_file.rows import Row
from tests.unit.practices.test_practices_debt_file import HEADER, SERVICES, line

GOOD = "\n".join([HEADER, line(), line(codice_debito="TARI-2", importo="x"), "", line(codice_debito="TARI-3")]).encode()


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def read(content: bytes, size: int = 7, *, after_line: int = 0) -> list[Row]:
    return list(files.read_pieces(lambda: cut(content, size), SERVICES, after_line=after_line))


def refusal(content: bytes) -> tuple[ErrorCode, object]:
    with pytest.raises(Refused) as refused:
        read(content)
    return refused.value.code, refused.value.params


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rows_in_pieces_are_those_of_the_whole_file(size: int, encoding: str) -> None:
    content = GOOD.decode().replace("Rossi Mario", "Nicolò Rossi").encode(encoding)
    found = read(content, size)
    assert found == list(files.read(content, SERVICES))
    assert [(one.line, one.external_id, one.code) for one in found] == [
        (2, "TARI-1", None),
        (3, "TARI-2", ErrorCode.INVALID_AMOUNT),
        (5, "TARI-3", None),
    ]
    assert found[0].debt
    assert found[0].debt.debtor.full_name == "Nicolò Rossi"


def test_rows_are_read_on_below_a_line() -> None:
    assert [one.line for one in read(GOOD, after_line=1)] == [2, 3, 5]
    assert [one.line for one in read(GOOD, after_line=2)] == [3, 5]
    assert [one.line for one in read(GOOD, after_line=3)] == [5]
    assert read(GOOD, after_line=5) == []


def test_a_reference_that_comes_twice_is_left_to_where_the_rows_are_stored() -> None:
    twice = f"{HEADER}\n{line()}\n{line()}".encode()
    assert [one.code for one in read(twice)] == [None, None]
    assert [one.code for one in files.read(twice, SERVICES)] == [None, ErrorCode.DUPLICATE_REFERENCE]


def test_a_file_without_rows_is_empty_and_one_of_another_header_is_refused() -> None:
    assert refusal(HEADER.encode())[0] is ErrorCode.IMPORT_EMPTY
    assert refusal(b"")[0] is ErrorCode.IMPORT_EMPTY
    assert refusal(b"a;b\n1;2\n")[0] is ErrorCode.IMPORT_WRONG_HEADER


def test_as_many_rows_as_may_be_are_read_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "JOB_ROWS_MAX", 3)
    assert len(read(GOOD)) == 3
    monkeypatch.setattr(files, "JOB_ROWS_MAX", 2)
    assert refusal(GOOD) == (ErrorCode.IMPORT_TOO_LARGE, {"max_rows": 2})


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_a_packed_file_is_unpacked_member_by_member(size: int) -> None:
    middle = len(GOOD) // 2
    packed = gzip.compress(GOOD[:middle]) + gzip.compress(GOOD[middle:])
    assert b"".join(packed_files.unpacked(cut(packed, size), len(GOOD))) == GOOD
    assert read(packed, size) == read(GOOD)


def test_a_packed_file_is_unpacked_in_pieces_and_no_further_than_it_may_be_long() -> None:
    large = gzip.compress(bytes(5 * 1024 * 1024))
    assert [len(piece) for piece in packed_files.unpacked([large], 5 * 1024 * 1024) if piece] == [1024 * 1024] * 5
    came: list[int] = []
    with pytest.raises(Refused) as refused:
        came.extend(len(piece) for piece in packed_files.unpacked([large], 2 * 1024 * 1024))
    assert (refused.value.code, refused.value.params) == (ErrorCode.IMPORT_TOO_LARGE, {"max_bytes": 2 * 1024 * 1024})
    with pytest.raises(Refused):
        list(packed_files.unpacked([b"1234", b"5"], 4))
    assert list(packed_files.unpacked([b"1234"], 4)) == [b"1234"]


@pytest.mark.parametrize("broken", [lambda packed: packed[:-9], lambda packed: packed[:20] + b"xxxx" + packed[24:]])
def test_a_packed_file_that_is_broken_is_refused(broken) -> None:
    assert refusal(broken(gzip.compress(GOOD)))[0] is ErrorCode.IMPORT_NOT_UTF8


def beginnings() -> Iterator[tuple[bytes, bool]]:
    """Yield first bytes of a file, and whether they are those of a debt file as far as can be said."""
    other = b"name;surname\nMario;Rossi\n"
    for good in (GOOD, GOOD.decode().encode("utf-16"), gzip.compress(GOOD)):
        yield good, True
    for bad in (other, other.decode().encode("utf-16"), gzip.compress(other), b";".join([b"x" * 70_000])):
        yield bad, False
    # It does not end in them, or says nothing yet.
    for unsaid in (HEADER.encode()[:30], b"name;surname\n", b"", b"\n\n", b" "):
        yield unsaid, True


@pytest.mark.parametrize(("content", "is_taken"), list(beginnings()))
def test_the_first_bytes_tell_another_header_and_no_more(content: bytes, *, is_taken: bool) -> None:
    if is_taken:
        files.check_beginning(content)
        return
    with pytest.raises(Refused) as refused:
        files.check_beginning(content)
    assert refused.value.code is ErrorCode.IMPORT_WRONG_HEADER


def test_the_columns_that_may_be_left_out_at_the_end_are_those_of_what_a_debt_need_not_have() -> None:
    for left_out in range(1, 6):
        cells = ";".join(line().split(";")[:-left_out])
        (row,) = files.read(f"{HEADER}\n{cells}\n".encode(), SERVICES)
        # rata, rate_totali and scadenza; importo before them is needed.
        assert (row.code is None) == (left_out <= 3), COLUMNS[-left_out]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("Nicolò".encode(), "utf-8"),
        ("Nicolò".encode("cp1252"), "cp1252"),
        ("Nicolò".encode("utf-8-sig"), "utf-8"),
        ("Nicolò".encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + "Nicolò".encode("utf-16-be"), "utf-16-be"),
        ("Nicolò".encode("utf-32"), "utf-32-le"),
        (b"\x00\x00\xfe\xff" + "Nicolò".encode("utf-32-be"), "utf-32-be"),
        ("Nicolò".encode("utf-16-le"), "utf-16-le"),
        ("Nicolò".encode("utf-16-be"), "utf-16-be"),
        # Two at once; MS-DOS; a mark that is not kept.
        ("Nicolò ".encode() + "è".encode("cp1252"), None),
        ("Nicolò ".encode("cp1252") + "più –".encode(), None),
        ("Nicolò".encode("cp850"), None),
        (b"\xef\xbb\xbf" + "Nicolò".encode("cp1252"), None),
    ],
)
def test_the_encoding_is_found_however_the_file_is_cut(content: bytes, name: str | None, size: int) -> None:
    def pieces() -> list[bytes]:
        return cut(content, size)

    if name is None:
        with pytest.raises(Refused) as refused:
            charset.encoding_of(pieces)
        assert refused.value.code is ErrorCode.IMPORT_NOT_UTF8
        return
    encoding = charset.encoding_of(pieces)
    assert encoding.name == name
    assert "".join(charset.text_of(pieces(), encoding)) == "Nicolò"
