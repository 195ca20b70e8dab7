"""Tagged PDF, PDF/UA-1: all that a machine can check of it, on every variant.

Four judges: `page`, an independent checker of the 104 machine rules that passes veraPDF's own corpus; our own walk
through the structure tree and the page content with pikepdf; qpdf, pdfinfo and pdffonts for the file itself. Whether
the reading order makes sense, only people can say.
"""

import itertools
import re
import shutil
import subprocess
from io import BytesIO

import page as ua_checker
import pikepdf
import pytest

from services.notices.documents.pdf.render import render
from tests.unit.notices.variants import NAMES, every_variant


@pytest.fixture(scope="module", params=NAMES)
def content(request, notice, receipt):
    return every_variant(notice, receipt)[request.param]


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


def test_it_breaks_no_rule_of_pdf_ua_1_that_a_machine_can_check(pdf):
    report = ua_checker.validate_pdf_bytes(pdf, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    assert report.is_compliant
    assert report.rules.total >= 104


def without_alternative_text(root):
    del next(element for element in elements(root.StructTreeRoot) if element.S == "/Figure")["/Alt"]


def without_language(root):
    del root["/Lang"]


def without_metadata(root):
    del root["/Metadata"]


def without_parents(root):
    root.StructTreeRoot.ParentTree.Nums = pikepdf.Array()


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (without_alternative_text, "FIGURE-ALTERNATIVE-TEXT"),
        (without_language, "TEXT-LANGUAGE"),
        (without_metadata, "METADATA-TITLE"),
        (without_parents, "LINK-TAG"),
    ],
)
def test_the_checker_sees_what_is_missing(notice, receipt, damage, rule):
    with pikepdf.open(BytesIO(render(every_variant(notice, receipt)["single"]))) as opened:
        damage(opened.Root)
        damaged = BytesIO()
        opened.save(damaged)
    report = ua_checker.validate_pdf_bytes(damaged.getvalue(), profile="ua1")
    assert any(rule in failure.rule_id for failure in report.failures)


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
        open_marks: list[str] = []
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in {"BMC", "BDC"}:
                tag = str(instruction.operands[0])
                # Within an element only words in another language are marked once more.
                assert not open_marks or (tag == "/Span" and open_marks != ["/Artifact"])
                open_marks.append(tag)
            elif operator == "EMC":
                open_marks.pop()
            elif operator in {"Tj", "TJ", "f", "f*", "S", "s", "B", "B*", "b", "Do", "sh"}:
                assert open_marks, f"{operator} outside of marked content"
        assert open_marks == []


def test_the_parent_tree_leads_from_every_mark_to_its_element(document):
    tree = pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree)
    for page in document.pages:
        parents = tree[int(page.StructParents)]
        marks = [
            int(instruction.operands[1].MCID)
            for instruction in pikepdf.parse_content_stream(page)
            if str(instruction.operator) == "BDC" and "/MCID" in instruction.operands[1]
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


def test_the_words_of_the_second_language_say_which_it_is(document, content):
    spoken = [
        str(instruction.operands[1].Lang)
        for page in document.pages
        for instruction in pikepdf.parse_content_stream(page)
        if str(instruction.operator) == "BDC" and "/Lang" in instruction.operands[1]
    ]
    second = getattr(content, "second_language", None)
    assert set(spoken) == ({second} if second else set())
    assert len(spoken) >= (20 if second else 0)


@pytest.mark.parametrize("command", ["qpdf", "pdfinfo", "pdffonts"])
def test_the_file_is_sound_and_said_to_be_tagged(pdf, tmp_path, command):
    if shutil.which(command) is None:
        pytest.skip(f"no {command}")
    (tmp_path / "document.pdf").write_bytes(pdf)
    arguments = ["qpdf", "--check"] if command == "qpdf" else [command]
    done = subprocess.run([*arguments, "document.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if command == "pdfinfo":
        assert re.search(r"Tagged: +yes", done.stdout)
        assert re.search(r"Page size: .*A4", done.stdout)
    if command == "pdffonts":
        _, _, *fonts = done.stdout.splitlines()
        assert len({line.split()[0] for line in fonts}) >= 3
        # Columns: name, type, encoding, embedded, subset, Unicode map, object.
        assert all(re.search(r"^[A-Z]{6}\+.* yes +yes +yes +\d+ +0$", line) for line in fonts), done.stdout
