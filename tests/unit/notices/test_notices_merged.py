"""Documents merged into one PDF by the gateway: nothing is lost, nothing is held, the structure survives."""

import itertools
import subprocess
from io import BytesIO
from shutil import which
from typing import Any

import page as ua_checker
import pikepdf
import pypdf
import pypdfium2
import pytest

from gateway.printed.merged_pdf import merged
from services.notices.documents.pdf.render import render
from tests.unit.notices.variants import every_variant

TITLE = "Avvisi di pagamento"


@pytest.fixture(scope="module")
def documents(notice, receipt):
    return [render(content) for content in every_variant(notice, receipt).values()]


@pytest.fixture(scope="module")
def whole(documents):
    return b"".join(merged(documents, TITLE))


def pages_of(pdf):
    """Words and pixels of every page."""
    for page in pypdfium2.PdfDocument(pdf):
        yield page.get_textpage().get_text_bounded(), page.render(scale=0.5).to_pil().tobytes()


def test_every_page_is_there_in_order_and_looks_as_it_did(documents, whole):
    apart = [page for document in documents for page in pages_of(document)]
    assert list(pages_of(whole)) == apart


def test_it_breaks_no_rule_of_pdf_ua_1_that_a_machine_can_check(whole):
    report = ua_checker.validate_pdf_bytes(whole, profile="ua1")
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    assert report.is_compliant


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_file_is_sound(documents, tmp_path, count):
    check_with_qpdf(b"".join(merged(documents[:count], TITLE)), tmp_path)


def check_with_qpdf(pdf, folder):
    if which("qpdf") is None:
        pytest.skip("no qpdf")
    (folder / "merged.pdf").write_bytes(pdf)
    done = subprocess.run(["qpdf", "--check", folder / "merged.pdf"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_structure_of_every_document_is_a_part_of_the_whole(documents, whole):
    with pikepdf.open(BytesIO(whole)) as opened:
        (root,) = opened.Root.StructTreeRoot.K
        parts = list(root.K)
        assert [str(part.S) for part in parts] == ["/Part"] * len(documents)
        for part, document in zip(parts, documents, strict=True):
            with pikepdf.open(BytesIO(document)) as alone:
                assert outline_of(part) == outline_of(alone.Root.StructTreeRoot.K[0])
                assert str(part.Lang) == str(alone.Root.Lang)


def outline_of(element):
    """Tags, alternative texts, languages and marks below an element."""
    return [
        int(kid)
        if not isinstance(kid, pikepdf.Dictionary)
        else (str(kid.get("/S")), str(kid.get("/Alt")), str(kid.get("/Lang")), outline_of(kid))
        for kid in element.get("/K", [])
    ]


def test_the_parent_tree_leads_from_every_page_and_link_to_its_elements(whole):
    with pikepdf.open(BytesIO(whole)) as opened:
        tree = pikepdf.NumberTree(opened.Root.StructTreeRoot.ParentTree)
        keys = [int(page.StructParents) for page in opened.pages]
        links = [annotation for page in opened.pages for annotation in page.get("/Annots", [])]
        keys += [int(link.StructParent) for link in links]
        assert len(keys) == len(set(keys)) == len(tree)
        assert max(keys) < int(opened.Root.StructTreeRoot.ParentTreeNextKey)
        for page in opened.pages:
            for number, element in enumerate(tree[int(page.StructParents)]):
                assert element.Pg.objgen == page.objgen
                assert number in [kid for kid in element.K if not isinstance(kid, pikepdf.Dictionary)]
        assert {str(tree[int(link.StructParent)].S) for link in links} == {"/Link"}


def test_a_bookmark_leads_to_the_first_page_of_every_document(documents, whole):
    reader: Any = pypdf.PdfReader(BytesIO(whole))
    lengths = [len(pypdfium2.PdfDocument(document)) for document in documents]
    readers: list[Any] = [pypdf.PdfReader(BytesIO(document)) for document in documents]
    titles = [one.metadata.title for one in readers]
    assert [bookmark.title for bookmark in reader.outline] == titles
    first_pages = [reader.get_destination_page_number(bookmark) for bookmark in reader.outline]
    assert first_pages == list(itertools.accumulate(lengths[:-1], initial=0))


def test_the_same_documents_give_the_same_bytes_in_pieces_or_at_once(documents, whole):
    assert b"".join(merged(iter(documents), TITLE)) == whole


def test_no_more_than_two_documents_are_held_at_a_time(documents):
    taken = []

    def coming():
        for number, document in enumerate(documents[:10]):
            taken.append(number)
            yield document

    # The first piece is the head of the file, the last one its end.
    for sent, _ in enumerate(merged(coming(), TITLE)):
        assert len(taken) <= sent + 1
    assert sent == len(taken) + 1 == 11


def test_printed_on_two_sides_no_sheet_holds_two_documents(documents, tmp_path):
    some = documents[::6]
    pdf = b"".join(merged(some, TITLE, two_sided=True))
    pages = iter(pages_of(pdf))
    for document in some:
        own = list(pages_of(document))
        assert list(itertools.islice(pages, len(own))) == own
        if len(own) % 2:
            assert next(pages)[0] == ""
    assert next(pages, None) is None
    reader: Any = pypdf.PdfReader(BytesIO(pdf))
    assert {reader.get_destination_page_number(bookmark) % 2 for bookmark in reader.outline} == {0}
    assert ua_checker.validate_pdf_bytes(pdf, profile="ua1").is_compliant
    check_with_qpdf(pdf, tmp_path)


def test_nothing_at_all_cannot_be_merged():
    with pytest.raises(ValueError, match="nothing"):
        next(merged([], TITLE))


def test_a_title_is_written_as_it_is(documents):
    pdf = b"".join(merged(documents[:1], "Avvisi & <solleciti>"))
    with pikepdf.open(BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
        assert metadata["dc:title"] == str(opened.docinfo.Title) == "Avvisi & <solleciti>"
