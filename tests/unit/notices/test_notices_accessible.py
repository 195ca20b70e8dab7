"""Tagged PDF, towards PDF/UA-1: what a machine can check of it without the full validator.

Three judges: `pdfua` (a subset of the rules), our own walk through the structure tree and the page content with
pikepdf, and qpdf and pdfinfo for the file itself. Whether the reading order makes sense, only people can say.
"""

import base64
import itertools
import shutil
import subprocess
from dataclasses import replace
from io import BytesIO

import pdfua
import pikepdf
import pytest

from services.notices.domain import Artwork, Verification
from services.notices.rendering.render import render
from tests.unit.notices.conftest import instalments

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
LINK = "https://pagamenti.conservatorio.example/verifica/ABCD-EFGH-JKMN"


@pytest.fixture(scope="module", params=["single", "slip", "two", "many with slips", "many", "second", "receipt"])
def content(request, notice, receipt):
    verification = Verification("ABCD-EFGH-JKMN", LINK)
    notice = replace(notice, verification=verification)
    logo = Artwork("image/svg+xml", base64.b64encode(SVG.encode()).decode())
    return {
        "single": replace(notice, postal=None, artworks=replace(notice.artworks, entity=logo)),
        "slip": replace(notice, language="en"),
        "two": replace(notice, postal=None, instalments=instalments(2)),
        "many with slips": replace(notice, payment=None, instalments=instalments(9)),
        "many": replace(notice, payment=None, postal=None, instalments=instalments(13)),
        "second": replace(notice, second_language="sl"),
        "receipt": replace(receipt, verification=verification),
    }[request.param]


@pytest.fixture(scope="module")
def pdf(content):
    return render(content)


@pytest.fixture
def document(pdf):
    with pikepdf.open(BytesIO(pdf)) as opened:
        yield opened


def elements(node):
    """Every structure element under a node, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid)


def test_the_checker_finds_nothing(pdf, tmp_path):
    file = tmp_path / "document.pdf"
    file.write_bytes(pdf)
    assert list(pdfua.validate(file).findings) == []


def test_the_catalogue_says_that_it_is_tagged_in_which_language_and_under_which_title(document, content):
    root = document.Root
    assert root.MarkInfo.Marked
    assert str(root.Lang) == content.language
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == str(document.docinfo.Title)


def test_every_piece_of_content_is_an_element_or_an_artifact(document):
    for page in document.pages:
        depth = 0
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in {"BMC", "BDC"}:
                assert depth == 0
                depth += 1
            elif operator == "EMC":
                depth -= 1
            elif operator in {"Tj", "TJ", "f", "f*", "S", "s", "B", "B*", "b", "Do", "sh"}:
                assert depth == 1, f"{operator} outside of marked content"
        assert depth == 0


def test_the_parent_tree_leads_from_every_mark_to_its_element(document):
    tree = pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree)
    for page in document.pages:
        parents = tree[int(page.StructParents)]
        marks = [
            int(instruction.operands[1].MCID)
            for instruction in pikepdf.parse_content_stream(page)
            if str(instruction.operator) == "BDC"
        ]
        assert marks == list(range(len(parents)))
        for number, element in enumerate(parents):
            kids = element.K if isinstance(element.K, pikepdf.Array) else [element.K]
            assert number in [kid for kid in kids if not isinstance(kid, pikepdf.Dictionary)]
            assert element.Pg.objgen == page.objgen
        assert str(page.Tabs) == "/S"
        for annotation in page.get("/Annots", []):
            assert str(tree[int(annotation.StructParent)].S) == "/Link"
            assert str(annotation.Contents)


def test_headings_begin_with_the_title_and_skip_no_level(document):
    levels = [int(str(element.S)[2:]) for element in elements(document.Root.StructTreeRoot) if str(element.S)[1] == "H"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in itertools.pairwise(levels))


def test_every_picture_and_code_has_its_text_and_its_place(document, content):
    figures = [element for element in elements(document.Root.StructTreeRoot) if str(element.S) == "/Figure"]
    assert all(str(figure.Alt).strip() and len(figure.A.BBox) == 4 for figure in figures)
    texts = " ".join(str(figure.Alt) for figure in figures)
    for payment in getattr(content, "payments", ()):
        number = payment.notice_number
        grouped = " ".join(number[start : start + 4] for start in range(0, 18, 4))
        assert texts.count(grouped) == (2 if content.postal else 1)
    assert "pagoPA" in texts


def test_every_font_is_embedded_and_leads_back_to_unicode(document):
    for page in document.pages:
        for font in page.Resources.Font.values():
            assert "/FontFile2" in font.FontDescriptor
            assert "/ToUnicode" in font


def test_an_italian_slip_in_another_document_says_its_language(document, content):
    spoken = [str(element.Lang) for element in elements(document.Root.StructTreeRoot) if "/Lang" in element]
    other = content.language != "it" and getattr(content, "postal", None)
    assert spoken == (["it"] * len(content.payments) if other else [])


@pytest.mark.parametrize("command", [["qpdf", "--check"], ["pdfinfo"]])
def test_the_file_is_sound_and_said_to_be_tagged(pdf, tmp_path, command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    (tmp_path / "document.pdf").write_bytes(pdf)
    done = subprocess.run([*command, "document.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if command == ["pdfinfo"]:
        assert "Tagged:          yes" in done.stdout
        assert "A4" in done.stdout
