import base64
from dataclasses import replace
from io import BytesIO

import pypdf
import pypdfium2
import pytest
import structlog
from PIL import Image
from structlog.testing import LogCapture

from services.notices.documents import logos
from services.notices.documents.domain.content import Artworks
from services.notices.documents.logos import entity_logo, load_logo
from services.notices.documents.pdf.logo_file import prepared
from services.notices.documents.pdf.notice import render_notice

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">{}</svg>'
RED_SQUARE = SVG.format('<path d="M0 0H10V10H0Z" fill="#FF0000"/>')


def pixel(pdf, x_mm, y_mm):
    image = pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().convert("RGB")
    return image.getpixel((round(x_mm / 25.4 * 144), round(y_mm / 25.4 * 144)))


def svg_file(folder, text):
    file = folder / "logo.svg"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "body",
    [
        '<path d="M0 0H10V10H0Z" fill="#FF0000"/>',
        '<path d="m0 0 10 0 0 10c-2 0-8 0-10 0z" style="fill:#f00"/>',
        '<rect width="10" height="10" fill="red"/>',
        '<g fill="#FF0000"><polygon points="0,0 10,0 10,10 0,10"/></g>',
        '<g transform="translate(5 5)"><circle r="7" fill="#FF0000"/></g>',
        '<title>Logo</title><rect transform="scale(2)" width="5" height="5" fill="#FF0000"/>',
        '<rect transform="matrix(1 0 0 1 -5 -5)" x="5" y="5" width="10" height="10" fill="#FF0000"/>',
    ],
)
def test_a_logo_in_svg_stands_in_its_square(notice, tmp_path, body):
    logo = load_logo(prepared, svg_file(tmp_path, SVG.format(body)))
    pdf = render_notice(replace(notice, artworks=Artworks(entity=logo)))
    assert pixel(pdf, 185, 25) == (255, 0, 0)
    assert pixel(pdf, 168, 25) == (255, 255, 255)


def test_a_hole_in_a_shape_is_a_hole(notice, tmp_path):
    ring = SVG.format('<path fill="red" d="M0 0H10V10H0ZM2 2V8H8V2Z"/>')
    pdf = render_notice(replace(notice, artworks=Artworks(entity=load_logo(prepared, svg_file(tmp_path, ring)))))
    assert pixel(pdf, 172, 25) == (255, 0, 0)
    assert pixel(pdf, 185, 25) == (255, 255, 255)


def test_the_pagopa_logo_can_be_replaced(notice, tmp_path):
    pdf = render_notice(replace(notice, artworks=Artworks(pagopa=load_logo(prepared, svg_file(tmp_path, RED_SQUARE)))))
    assert pixel(pdf, 17.5, 15) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "RGB", "1"])
def test_a_picture_becomes_a_small_jpeg_on_white(notice, tmp_path, mode):
    file = tmp_path / "logo.png"
    Image.radial_gradient("L").resize((1500, 1000)).convert(mode).save(file)
    logo = load_logo(prepared, file)
    assert logo is not None
    assert logo.media_type == "image/jpeg"
    with Image.open(BytesIO(base64.b64decode(logo.content_base64))) as picture:
        assert max(picture.size) <= 354
    pdf = render_notice(replace(notice, artworks=Artworks(entity=logo)))
    assert len(pdf) <= 60_000
    (image,) = pypdf.PdfReader(BytesIO(pdf)).pages[0].images
    assert image.name.endswith(".jpg")


def test_what_is_transparent_becomes_white(tmp_path):
    file = tmp_path / "logo.png"
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(file)
    logo = load_logo(prepared, file)
    assert logo is not None
    with Image.open(BytesIO(base64.b64decode(logo.content_base64))) as picture:
        assert picture.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.svg", None),
        ("text.png", b"not a picture"),
        ("text.svg", b"not xml"),
        ("other.svg", b"<html/>"),
        ("image.svg", SVG.format('<image href="file:///etc/passwd"/>').encode()),
        ("stroke.svg", SVG.format('<path d="M0 0H9" stroke="red"/>').encode()),
        ("entity.svg", b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg viewBox="0 0 1 1">&a;</svg>'),
        ("colour.svg", SVG.format('<rect width="9" height="9" fill="(1).__class__"/>').encode()),
        ("sizeless.svg", b"<svg><path d='M0 0H9'/></svg>"),
        ("large.svg", SVG.format("<!-- " + "x" * 50_000 + "-->").encode()),
        ("cut.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
    ],
)
def test_a_file_that_cannot_be_a_logo_costs_the_logo_and_is_told_to_operations(tmp_path, monkeypatch, name, content):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    written = LogCapture()
    monkeypatch.setattr(logos, "log", structlog.wrap_logger(None, processors=[written]))
    assert load_logo(prepared, file) is None
    assert [(line["event"], line["log_level"]) for line in written.entries] == [("logo_unusable", "warning")]


def test_a_body_can_only_name_files_in_the_folder_of_logos(tmp_path):
    folder = tmp_path / "logos"
    folder.mkdir()
    svg_file(tmp_path, RED_SQUARE)
    assert entity_logo(prepared, folder, "../logo.svg") is None
    svg_file(folder, RED_SQUARE)
    assert entity_logo(prepared, folder, "../../logo.svg") == load_logo(prepared, folder / "logo.svg")


def test_a_body_without_a_logo_and_a_portal_without_a_folder_have_none(tmp_path):
    assert entity_logo(prepared, tmp_path, None) is None
    assert entity_logo(prepared, None, "logo.svg") is None
