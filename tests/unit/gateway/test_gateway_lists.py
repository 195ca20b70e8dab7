"""A citizen's lists: narrowed, ordered, remembered; what was typed in no address; plans as one row; a year's papers."""

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest

from contracts.calendar import rome_day
from contracts.codes import AmountCents
from contracts.errors import ErrorCode, Refused, Unavailable
from contracts.rpc import notices, practices
from contracts.rpc.practices import ListedPlan, Sum, Totals, YearPayment, YearPayments
from contracts.shapes import Beneficiary, Instalment
from tests.unit.gateway.gateway_browser import Browser, page_of, rows_of, text_of
from tests.unit.gateway.gateway_services import Services, make_practice

LIST = "/enti/PM108/pratiche"
HISTORY = "/enti/PM108/storico"
THIS_YEAR = rome_day(datetime.now(UTC)).year


@pytest.fixture(autouse=True)
def _logged_in(browser: Browser) -> None:
    browser.log_in()


def asked(services: Services) -> practices.ListRequest:
    return services.asked(practices.LIST)[-1]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("stato=paid", {"states": ["paid"], "order": "newest"}),
        ("servizio=TARI", {"service_code": "TARI"}),
        (f"anno={THIS_YEAR}", {"year": THIS_YEAR}),
        ("anno=1999", {"year": None}),
        ("ordine=importo", {"order": "greatest"}),
        ("ordine=importo-minore", {"order": "smallest"}),
        ("ordine=vecchie", {"order": "oldest"}),
        ("ordine=scadenza-lontana", {"order": "due_latest"}),
        ("ordine=a-caso&servizio=&stato=boh&scadenza=mai", {"order": "newest", "states": [], "service_code": None}),
        ("servizio=" + "x" * 36, {"service_code": None}),
        ("scadenza=presto", {"states": ["to_pay", "unconfirmed"], "order": "due_soonest"}),
        ("scadenza=presto&stato=expired&ordine=importo", {"states": ["expired"], "order": "greatest"}),
    ],
)
def test_an_address_says_what_the_list_is_narrowed_to(
    browser: Browser, services: Services, query: str, wanted: dict[str, Any]
) -> None:
    assert browser.get(f"{LIST}?{query}").status_code == HTTPStatus.OK
    assert {name: getattr(asked(services), name) for name in wanted} == wanted


def test_due_soon_is_from_today_for_thirty_days_and_late_ends_yesterday(browser: Browser, services: Services) -> None:
    today = rome_day(datetime.now(UTC))
    browser.get(f"{LIST}?scadenza=presto")
    assert (asked(services).due_from, asked(services).due_until) == (today, today + timedelta(days=30))
    browser.get(f"{LIST}?scadenza=passata")
    assert (asked(services).due_from, asked(services).due_until) == (None, today - timedelta(days=1))


def test_the_choice_is_remembered_until_all_is_asked_for(browser: Browser, services: Services) -> None:
    browser.get(f"{LIST}?stato=paid&ordine=importo")
    browser.get(LIST)
    assert (asked(services).states, asked(services).order) == (["paid"], "greatest")
    browser.get(f"{LIST}?messaggio=inserita")
    assert (asked(services).states, asked(services).order) == ([], "newest")
    answer = browser.get(HISTORY)
    assert asked(services).order == "newest"
    answer = browser.get(f"{LIST}?stato=tutte")
    assert (asked(services).states, asked(services).order) == ([], "newest")
    browser.get(LIST)
    assert asked(services).states == []
    assert "Togli i filtri" in text_of(answer)


def test_the_choice_goes_with_the_visitor_at_logout(browser: Browser, services: Services) -> None:
    browser.get(f"{LIST}?stato=paid")
    browser.submit("/logout")
    browser.log_in()
    browser.get(LIST)
    assert asked(services).states == []


def test_what_was_typed_stands_in_no_address_and_in_no_cookie(browser: Browser, services: Services) -> None:
    services.add(*(make_practice(number, description=f"Retta Bianchi {number}") for number in range(1, 26)))
    answer = browser.submit(LIST, testo=" Bianchi ", stato="to_pay", ordine="importo")
    assert (answer.status_code, len(rows_of(answer))) == (HTTPStatus.OK, 20)
    assert (asked(services).text, asked(services).states, asked(services).order) == ("Bianchi", ["to_pay"], "greatest")
    assert not [href for href in page_of(answer).xpath("//@href | //@action") if "ianchi" in href]
    (onwards,) = page_of(answer).xpath("//form[contains(@class, 'portal-paging')]")
    fields = {one.get("name"): one.get("value") for one in onwards.xpath(".//input")}
    assert "ianchi" not in str(browser.cookies)
    del fields["csrf_token"]
    following = browser.submit(onwards.get("action"), **fields)
    assert len(rows_of(following)) == 5
    assert (asked(services).text, asked(services).cursor) == ("Bianchi", "20")


def test_a_form_without_text_leads_to_the_address_that_says_it(browser: Browser) -> None:
    answer = browser.submit(LIST, testo="  ", stato="", servizio="TARI", ordine="recenti")
    assert (answer.status_code, answer.headers["location"]) == (HTTPStatus.SEE_OTHER, f"{LIST}?servizio=TARI")
    assert browser.submit(LIST, testo="").headers["location"] == f"{LIST}?stato=tutte"


def test_a_page_for_which_too_many_were_looked_at_leads_on(browser: Browser, services: Services) -> None:
    services.answer(practices.LIST, lambda _: practices.PracticeList(practices=[], next_cursor="NTAw"))
    answer = browser.get(f"{LIST}?servizio=TARI")
    assert "non le abbiamo ancora guardate tutte" in text_of(answer)
    assert "Nessuna pratica" not in text_of(answer)
    assert page_of(answer).xpath(f"//a[@href='{LIST}?servizio=TARI&cursor=NTAw']")


def instalment(number: int, **changes: Any) -> practices.Practice:
    one = make_practice(number, instalment=Instalment(number=number, total=3), due_date=date(2026, 11, number))
    return replace(one, amount_cents=AmountCents(1000 * number), **changes)


def test_a_plan_is_one_row_of_what_can_be_paid_next_that_opens(browser: Browser, services: Services) -> None:
    paid = instalment(1, state="paid", payable=False, not_payable_code="practice_paid")
    second, third = instalment(2), instalment(3)
    services.add(third)
    services.plans = [ListedPlan(practice_id=third.id, practices=[paid, second, third])]
    answer = browser.get(LIST)
    row, opened = page_of(answer).xpath("//tbody/tr")
    assert "rata 2 di 3" in row.text_content()
    assert row.xpath(".//form[contains(@action, '/paga')]")[0].get("action") == f"{LIST}/{second.id}/paga"
    (summary,) = opened.xpath(".//details/summary")
    assert summary.text_content() == "Piano di 3 rate: 1 pagata, restano 50,00\xa0€"
    items = [" ".join(item.text_content().split()) for item in opened.xpath(".//li")]
    assert [item.split(",")[0] for item in items] == ["rata 1 di 3", "rata 2 di 3", "rata 3 di 3"]
    actions = opened.xpath(".//li//form/@action | .//li/a[contains(@class, 'btn')]/@href")
    assert actions == [f"{LIST}/{paid.id}/quietanza.pdf", f"{LIST}/{second.id}/paga", f"{LIST}/{third.id}/paga"]
    narrowed = page_of(browser.get(f"{LIST}?stato=to_pay")).xpath("//tbody/tr")[0]
    assert "rata 3 di 3" in narrowed.text_content()


def test_the_sums_stand_over_the_first_page_and_no_list_fails_for_them(browser: Browser, services: Services) -> None:
    services.totals = Totals(
        unpaid=Sum(count=2, cents=12345), overdue=Sum(count=1, cents=45), paid=Sum(count=500, cents=99, is_whole=False)
    )
    answer = browser.get(LIST)
    sums = [" ".join(one.text_content().split()) for one in page_of(answer).xpath("//dl[@class='portal-sums']/div")]
    assert sums == [
        "Da pagare123,45 €2 pratiche",
        "di cui oltre la scadenza0,45 €1 pratica",
        "Pagato quest'annoalmeno 0,99 €500 pratiche",
    ]
    (whole,) = page_of(answer).xpath("//a[contains(@href, 'totali=tutti')]/@href")
    assert services.asked(practices.TOTALS)[-1].whole is False
    browser.get(whole)
    assert (services.asked(practices.TOTALS)[-1].whole, services.asked(practices.TOTALS)[-1].year) == (True, THIS_YEAR)
    services.failures[practices.TOTALS.name] = Unavailable(ErrorCode.SERVICE_UNAVAILABLE)
    answer = browser.get(LIST)
    assert answer.status_code == HTTPStatus.OK
    assert not page_of(answer).xpath("//dl[@class='portal-sums']")


def year_payment(number: int, **changes: Any) -> YearPayment:
    one = make_practice(number)
    payment = YearPayment(
        practice_id=one.id,
        service_title=one.service_title,
        description=one.description,
        debtor=one.debtor,
        notice_number=one.notice_number,
        iuv=one.iuv,
        receipt_id=f"R{number}",
        paid_at=datetime(THIS_YEAR - 1, 12, 31, 23, 30, tzinfo=UTC),
        amount_cents=AmountCents(1600),
    )
    return replace(payment, **changes)


def test_the_year_is_offered_as_a_table_that_no_spreadsheet_runs(browser: Browser, services: Services) -> None:
    assert not page_of(browser.get(f"{HISTORY}?anno={THIS_YEAR}")).xpath("//a[contains(@href, '730')]")
    paid_at = datetime.now(UTC)
    services.add(make_practice(1, state="paid", payable=False, not_payable_code="practice_paid", paid_at=paid_at))
    page = page_of(browser.get(f"{HISTORY}?anno={THIS_YEAR}"))
    (address,) = page.xpath("//a[contains(@href, '.csv')]/@href")
    assert address == f"{HISTORY}/730-{THIS_YEAR}.csv"
    student = Beneficiary(full_name="Rossi Anna", course="Flauto", school="Media", contribution_type="Retta")
    pages = {
        None: YearPayments(payments=[year_payment(1, description="=1+1", beneficiary=student)], next_cursor="x"),
        "x": YearPayments(payments=[year_payment(2, stamp_cents=1600)]),
    }
    services.answer(practices.PAID_YEAR, lambda request: pages[request.cursor])
    answer = browser.get(str(address))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="pagamenti-{THIS_YEAR}.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbfdata_pagamento;ente;codice_fiscale_ente;servizio;causale;")
    first, second = (line.split(";") for line in answer.text.splitlines()[1:])
    # Half an hour after midnight in Rome.
    assert first[0] == f"{THIS_YEAR}-01-01"
    assert first[2:5] == ["80012345676", "Tassa rifiuti (TARI)", "'=1+1"]
    assert first[7] == "Rossi Anna"
    assert (first[-3:], second[-2:]) == (["R1", "16,00", ""], ["16,00", "16,00"])


def test_the_year_is_offered_on_paper(browser: Browser, services: Services) -> None:
    pdf = notices.Document(
        file_name="a.pdf", media_type="application/pdf", content_base64=base64.b64encode(b"%PDF").decode()
    )
    services.answer(notices.YEAR_SUMMARY, lambda _: pdf)
    answer = browser.get(f"{HISTORY}/730-{THIS_YEAR}.pdf")
    assert (answer.content, services.asked(notices.YEAR_SUMMARY)[0].year) == (b"%PDF", THIS_YEAR)
    assert services.asked(notices.YEAR_SUMMARY)[0].viewer.fiscal_code
    services.failures[notices.YEAR_SUMMARY.name] = Refused(ErrorCode.RECEIPT_NOT_FOUND)
    assert browser.get(f"{HISTORY}/730-{THIS_YEAR}.pdf").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("ending", ["csv", "pdf"])
@pytest.mark.parametrize("year", ["1999", "2999", "venti", str(UUID(int=1))])
def test_a_year_that_is_not_offered_is_not_there(browser: Browser, ending: str, year: str) -> None:
    assert browser.get(f"{HISTORY}/730-{year}.{ending}").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("ending", ["csv", "pdf"])
def test_the_year_is_for_who_is_logged_in(browser: Browser, services: Services, ending: str) -> None:
    browser.cookies.clear()
    answer = browser.get(f"{HISTORY}/730-{THIS_YEAR}.{ending}")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["location"].startswith("/spid/login")
    assert services.asked(practices.PAID_YEAR) == []
