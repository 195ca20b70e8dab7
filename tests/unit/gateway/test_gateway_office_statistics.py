"""Statistics in the office: each figure in a chart and in its table, and opened to what it is made of."""

from dataclasses import replace
from http import HTTPStatus

import pytest

from contracts.rpc import statistics
from gateway.office import charts
from gateway.office.charts import Figure
from tests.unit.gateway.administration_services import PERIOD, Administration
from tests.unit.gateway.gateway_browser import Browser, page_of, text_of
from tests.unit.gateway.gateway_services import Services
from tests.unit.gateway.office_services import OFFICE_TOKEN, Office

PAGE = "/ufficio/PM108/statistiche?anno=2026"
ROWS = "/ufficio/PM108/statistiche"


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    office = Office(services)
    office.become("contabile")
    return office


@pytest.fixture(name="figures")
def _figures(services: Services, office: Office) -> Administration:
    return Administration(services, office)


@pytest.fixture(name="desk")
def _desk(browser: Browser, figures: Administration) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


def cells_of(desk: Browser, name: str) -> list[list[str]]:
    rows = page_of(desk.get(PAGE)).xpath(f"//section[@aria-labelledby='{name}-titolo']//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("./th | ./td")] for row in rows]


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("path", [PAGE, *(f"{ROWS}/{kind}?anno=2026" for kind in ("incassi", "giorni", "scadute"))])
def test_a_page_is_made_for_everybody_and_no_text_of_others_becomes_code(
    desk: Browser, path: str, language: str
) -> None:
    desk.language = language
    answer = desk.get(path)
    assert answer.status_code == HTTPStatus.OK
    page = page_of(answer)
    assert len(page.xpath("//h1")) == 1
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert not page.xpath("//*[@style] | //style | //script[not(@src)] | //main//b | //main//i")
    for chart in page.xpath("//svg"):
        if chart.get("role") == "img":
            assert page.xpath(f"//*[@id='{chart.get('aria-labelledby')}']")
            assert chart.xpath("./following-sibling::table/caption")


def test_each_way_of_looking_adds_up_to_the_same(desk: Browser) -> None:
    page = page_of(desk.get(PAGE))
    sums = {
        section.get("aria-labelledby"): section.xpath("string(.//tfoot/tr/td[2])")
        for section in page.xpath("//section[.//tfoot]")
    }
    assert {sums[name] for name in ("mesi-titolo", "servizi-titolo", "canali-titolo")} == {"40,01\xa0€"}
    assert sums["giorni-titolo"] == "40,00\xa0€"
    assert sums["ritardi-titolo"] == sums["scadute-servizi-titolo"] == "7,00\xa0€"


def test_months_without_money_are_there_and_services_come_the_most_first(desk: Browser) -> None:
    months = cells_of(desk, "mesi")
    assert len(months) == 12
    assert months[0] == ["gennaio 2026", "0", "0,00\xa0€".replace("\xa0", " ")]
    assert months[2][0] == "marzo 2026"
    services = [row[0] for row in cells_of(desk, "servizi")]
    assert services == ["Tassa rifiuti (TARI)", "<b>X"]
    channels = [row[0] for row in cells_of(desk, "canali")]
    assert channels == ["Da questo portale", "Contanti, allo sportello", "<i>new"]


def test_days_are_told_in_words(desk: Browser) -> None:
    assert [row[0] for row in cells_of(desk, "giorni")] == [
        "lo stesso giorno",
        "da 1 a 7",
        "da 8 a 30",
        "da 31 a 60",
        "da 61 a 90",
        "oltre 90",
    ]
    assert "Metà delle pratiche è pagata entro 9 giorni" in text_of(desk.get(PAGE))


def test_a_year_without_money_says_so(desk: Browser, figures: Administration) -> None:
    figures.period = replace(PERIOD, collected=[], days_to_pay=[], median_days=None)
    shown = text_of(desk.get(PAGE))
    assert "Ancora niente." in shown
    assert "Nell'anno non è stato pagato niente." in shown


def test_every_number_that_is_not_zero_leads_to_what_it_is_made_of(desk: Browser, services: Services) -> None:
    links = page_of(desk.get(PAGE)).xpath("//section//td/a/@href")
    assert len(links) == 2 + 2 + 3 + 1 + 1 + 1
    for link in links:
        assert desk.get(link).status_code == HTTPStatus.OK
    asked = services.asked(statistics.STATISTIC_ROWS)
    told = [(one.kind, one.month and one.month.month, one.service_code, one.channel, one.days_from) for one in asked]
    assert told == [
        ("collected", 3, None, None, None),
        ("collected", 11, None, None, None),
        ("collected", None, "TARI", None, None),
        ("collected", None, "<b>X", None, None),
        ("collected", None, None, "portal", None),
        ("collected", None, None, "cash", None),
        ("collected", None, None, "<i>new", None),
        ("days_to_pay", None, None, None, 8),
        ("overdue", None, None, None, 31),
        ("overdue", None, "TARI", None, None),
    ]
    assert {(one.since.isoformat(), one.until.isoformat()) for one in asked} == {("2026-01-01", "2026-12-31")}


def test_rows_lead_to_their_practices_and_to_the_next_page(desk: Browser, services: Services) -> None:
    page = page_of(desk.get(f"{ROWS}/incassi?anno=2026&mese=2026-11&canale=cash"))
    assert "/ufficio/PM108/pratiche/00000000-0000-0000-0000-000000000001" in page.xpath("//tbody//a/@href")
    (following,) = page.xpath("//nav[@aria-label='Pagine']//a/@href")
    desk.get(following)
    asked = services.asked(statistics.STATISTIC_ROWS)[-1]
    assert (asked.after, asked.channel, asked.month and asked.month.month) == ("2026-11-20_1", "cash", 11)


@pytest.mark.parametrize(
    "path",
    [f"{ROWS}/incassi?anno=x&mese=2026-99&giorni=8", f"{ROWS}/scadute?giorni=5&canale=cash", f"{ROWS}/giorni?anno=3"],
)
def test_what_is_none_of_ours_in_an_address_is_left_out(desk: Browser, services: Services, path: str) -> None:
    assert desk.get(path).status_code == HTTPStatus.OK
    (asked,) = services.asked(statistics.STATISTIC_ROWS)
    assert (asked.month, asked.days_from, asked.channel) == (None, None, None)


def test_there_is_nothing_else_to_open(desk: Browser) -> None:
    assert desk.get(f"{ROWS}/altro").status_code == HTTPStatus.NOT_FOUND


def test_a_role_for_one_service_counts_that_service_alone(desk: Browser, services: Services, office: Office) -> None:
    office.become("contabile", service_code="TARI")
    desk.get(PAGE)
    desk.get(f"{ROWS}/incassi")
    assert services.asked(statistics.PERIOD_STATISTICS)[0].service_codes == ["TARI"]
    assert services.asked(statistics.STATISTIC_ROWS)[0].service_codes == ["TARI"]
    assert services.asked(statistics.OVERDUE)[0].service_codes == ["TARI"]


# ---- the chart


def figure(cents: int, count: int = 1, label: str = "x") -> Figure:
    return Figure(label, count, cents, "/")


def test_the_longest_bar_is_the_largest_figure_and_little_can_be_seen() -> None:
    chart = charts.bars([figure(1000), figure(500), figure(1), figure(0)], ["a", "b", "c", "d"])
    assert [bar.bar_width for bar in chart.bars] == [360, 180, 2, 0]
    assert (chart.width, chart.height) == (360, 160)
    assert [bar.value for bar in chart.bars] == ["a", "b", "c", "d"]
    by_count = charts.bars([figure(1, count=2), figure(1000, count=1)], ["2", "1"], by_count=True)
    assert [bar.bar_width for bar in by_count.bars] == [360, 180]


def test_a_chart_of_nothing_and_of_nothing_but_zeros_is_drawn() -> None:
    assert charts.bars([], []).bars == []
    assert [bar.bar_width for bar in charts.bars([figure(0), figure(-5)], ["0", "-5"]).bars] == [0, 0]


def test_a_long_label_is_cut_in_the_chart_alone() -> None:
    (bar,) = charts.bars([figure(1, label="L" * 35)], ["1"]).bars
    assert bar.label == "L" * 33 + "…"
    (bar,) = charts.bars([figure(1, label="L" * 34)], ["1"]).bars
    assert bar.label == "L" * 34
