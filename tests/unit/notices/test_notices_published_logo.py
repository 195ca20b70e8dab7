"""A logo that an office published, as documents draw it: asked for once, and never the reason why one is not drawn."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import ErrorCode, Refused, Unavailable
from services.notices.documents import logos
from services.notices.documents.domain.content import Artwork, UnusableLogo
from services.notices.documents.pdf.logo_file import prepared
from tests.unit.practices.test_practices_logos import png

NAME = "pubblicato-0f.png"


@pytest.fixture(autouse=True)
def _nothing_held() -> Iterator[None]:
    logos.forget_published()
    yield
    logos.forget_published()


def drawn(name: Path, content_base64: str) -> Artwork:
    return prepared(name, base64.b64decode(content_base64))


def test_it_is_asked_for_once_and_drawn_as_a_file_of_the_same_content_is(tmp_path: Path) -> None:
    asked: list[str] = []

    def read() -> str:
        asked.append(NAME)
        return base64.b64encode(png(96, 96)).decode()

    (tmp_path / "l.png").write_bytes(png(96, 96))
    for _ in range(3):
        assert logos.published_logo(drawn, NAME, read) == prepared(tmp_path / "l.png")
    assert asked == [NAME]


def test_where_it_cannot_be_had_the_document_is_drawn_without_and_it_is_asked_for_again() -> None:
    errors = [Unavailable(), Refused(ErrorCode.NOT_FOUND)]

    def read() -> str:
        if errors:
            raise errors.pop()
        return base64.b64encode(png(96, 96)).decode()

    assert logos.published_logo(drawn, NAME, read) is None
    assert logos.published_logo(drawn, NAME, read) is None
    assert logos.published_logo(drawn, NAME, read) is not None


def test_what_cannot_be_drawn_costs_the_logo_alone() -> None:
    def unusable(_name: Path, _content: str) -> Artwork:
        raise UnusableLogo("ValueError: too detailed")

    assert logos.published_logo(unusable, NAME, lambda: "eA==") is None
