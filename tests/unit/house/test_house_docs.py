"""House rules about documents: tables say what the code says, links and paths lead somewhere, pages stay short."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.unit.house.conftest import ROOT, project_files
from tests.unit.house.doc_tables import TABLES, cells, made_anew, section, settings_read, written_down

README_MAX_LINES = 120
SERVICE_README_MAX_LINES = 70
ADR_MAX_WORDS = 900
ADR_SECTIONS = ["Status", "Context", "Decision", "Consequences"]

LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^ *```.*?^ *```$", flags=re.MULTILINE | re.DOTALL)
ENDINGS = "py|md|toml|ya?ml|json|css|html|js|xsd|wsdl|rng|csv|txt|lock|in|po|sh|mako"
FILE = re.compile(rf"[\w.*/-]*[\w*-]\.(?:{ENDINGS})")
FOLDER = re.compile(r"(?:[\w.*-]+/)+")
# What a run, a build or an operator makes: never in the repository.
MADE_LATER = ("build/", "var/", ".venv", "node_modules/", "spid/", "api_keys.json")
# What the recipes of CONTRIBUTING.md make.
EXAMPLES = {
    "0004_add_the_payer_note.py",
    "contracts/samples/PracticeReminded.v1.json",
    "gateway/web/contacts.py",
    "gateway/web/templates/contacts.html",
}


def pages() -> list[Path]:
    """Every Markdown page of the repository."""
    return sorted(path.relative_to(ROOT) for path in project_files() if path.suffix == ".md")


each_page = pytest.mark.parametrize("page", pages(), ids=str)


def text_of(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors_of(page: Path) -> set[str]:
    """The addresses of a page's headings, as the hosts of repositories make them."""
    headings = re.findall(r"^#+ +(.+?) *$", FENCE.sub("", text_of(page)), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def paths_in(text: str) -> Iterator[str]:
    """What stands in backticks and looks like a file or folder of the repository; a `*` stands for any name."""
    for code in CODE.findall(FENCE.sub("", text)):
        if (
            (FILE.fullmatch(code) or FOLDER.fullmatch(code))
            and not code.startswith(("/", *MADE_LATER))
            and (code not in EXAMPLES)
        ):
            yield code


@cache
def names() -> frozenset[str]:
    """The name of every file and folder of the repository."""
    paths = [path.relative_to(ROOT) for path in project_files()]
    return frozenset(part for path in paths for part in path.parts)


def leads_somewhere(path: str, page: Path) -> bool:
    """Return whether a path exists: from the root, from the page's folder, or from the service a page is about.

    A name alone may be anywhere.
    """
    path = path.rstrip("/")
    if "/" not in path and "*" not in path:
        return path in names()
    folders = [ROOT, (ROOT / page).parent, ROOT / "services" / page.stem]
    return any(next(iter(folder.glob(path)), None) for folder in folders if folder.is_dir())


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for match in LINK.finditer(FENCE.sub("", text_of(page))):
        target, _, anchor = match["target"].partition("#")
        if re.match(r"https?:|mailto:", target):
            continue
        file = ((ROOT / page).parent / target).resolve() if target else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors_of(file.relative_to(ROOT))):
            broken.append(match["target"])
    assert not broken


@each_page
def test_files_and_folders_that_are_named_exist(page: Path) -> None:
    assert not [path for path in paths_in(text_of(page)) if not leads_somewhere(path, page)]


@each_page
def test_code_in_backticks_ends_in_its_line(page: Path) -> None:
    lines = FENCE.sub("", text_of(page)).splitlines()
    assert not [line for line in lines if line.count("`") % 2]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_the_code_says(name: str) -> None:
    anew = "./portal generate"
    assert written_down(name) == cells(made_anew(name).splitlines()), f"write it anew: {anew}"


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.written])
def test_every_row_has_its_words(name: str) -> None:
    assert not [row[0] for row in written_down(name) if not row[-1]]


def test_settings_are_found_however_they_are_read() -> None:
    found = settings_read()
    assert {"AMQP_URL", "SPID_SP_KEY_FILE", "SMTP_PASSWORD", "CHECK_CONTRACTS", "SANDBOX_HOME"} <= set(found)
    assert found["PUBLIC_URL"].read_by >= {"gateway", "identity", "notices", "sandbox"}
    assert found["CHECKOUT_TIMEOUT_S"].default == "`8`"
    assert found["SECRET_KEY"].default == "required"
    assert found["SMTP_HOST"].default == "none"


def test_the_table_names_its_own_file_once() -> None:
    for name, table in TABLES.items():
        text = (ROOT / table.file).read_text(encoding="utf-8")
        assert text.count(f"<!-- table {name} -->") == 1
        assert text.count(section(text, name)) == 1


def test_readmes_fit_a_page() -> None:
    limits = {page: SERVICE_README_MAX_LINES for page in pages() if page.name == "README.md"}
    limits[Path("README.md")] = README_MAX_LINES
    assert not {str(page): limit for page, limit in limits.items() if len(text_of(page).splitlines()) > limit}


def test_the_first_screen_of_the_readme_has_a_picture_and_the_two_commands() -> None:
    first_screen = "\n".join(text_of(Path("README.md")).splitlines()[:40])
    assert re.search(r"!\[[^\]]+\]\(docs/screenshots/\w+\.png\)", first_screen)
    assert "./portal up" in first_screen
    assert "./portal test" in first_screen


def adrs() -> list[Path]:
    return [page for page in pages() if page.parent == Path("docs/adr") and page.name != "README.md"]


@pytest.mark.parametrize("page", adrs(), ids=str)
def test_a_decision_has_its_four_parts_and_fits_two_pages(page: Path) -> None:
    text = text_of(page)
    number = int(page.name[:4])
    assert re.match(rf"# {number}\. \S", text)
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ADR_SECTIONS
    assert len(text.split()) <= ADR_MAX_WORDS


def test_decisions_are_numbered_without_holes_and_listed() -> None:
    assert [int(page.name[:4]) for page in adrs()] == list(range(1, len(adrs()) + 1))
    index = text_of(Path("docs/adr/README.md"))
    assert not [page.name for page in adrs() if f"({page.name})" not in index]
