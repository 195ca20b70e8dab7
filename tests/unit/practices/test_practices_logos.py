"""What a logo may be: a PNG and nothing else, of a size that pages and notices can show."""

import struct
import zlib

import pytest

from contracts.rpc.office_catalogue import LOGO_MAX_BYTES
from services.practices.domain.logos import is_logo, name_of


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, padding: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\x00" + bytes(width) for _ in range(height)))
    parts = [chunk(b"IHDR", head), chunk(b"tEXt", b"x" * padding), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("width", "height"), [(32, 32), (2000, 2000), (96, 40)])
def test_a_png_of_a_fitting_size_is_one(width: int, height: int) -> None:
    assert is_logo(png(width, height))


@pytest.mark.parametrize(("width", "height"), [(31, 96), (96, 31), (2001, 96), (96, 2001), (0, 0)])
def test_one_that_is_too_small_or_too_large_is_none(width: int, height: int) -> None:
    assert not is_logo(png(width, height))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + bytes(50),
        png(96, 96)[:-1],
        png(96, 96) + b"<script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n" + bytes(30) + b"IEND\xaeB`\x82",
    ],
)
def test_whatever_else_is_none(content: bytes) -> None:
    assert not is_logo(content)


def test_it_has_200_kilobytes_at_most() -> None:
    assert LOGO_MAX_BYTES == 200_000
    spare = LOGO_MAX_BYTES - len(png(96, 96))
    assert is_logo(png(96, 96, padding=spare))
    assert not is_logo(png(96, 96, padding=spare + 1))


def test_its_name_is_its_content() -> None:
    assert name_of(png(96, 96)) == name_of(png(96, 96)) != name_of(png(96, 97))
    assert name_of(b"x").startswith("pubblicato-")
    assert len(name_of(b"x")) == len("pubblicato-") + 32 + len(".png")
