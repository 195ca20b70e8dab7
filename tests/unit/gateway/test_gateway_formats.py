"""Amounts, dates and icons are written as Babel and the design system write them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from markupsafe import Markup

from contracts.calendar import ROME
from gateway.settings import Settings
from gateway.static_files import StaticFiles
from gateway.translations import markup_of
from gateway.web.formats import filters_of

DAY = {"it": "dd/MM/yyyy", "en": "d MMM yyyy"}
MOMENT = {"it": "dd/MM/yyyy 'alle' HH:mm", "en": "d MMM yyyy 'at' HH:mm"}


@pytest.mark.parametrize("language", ["it", "en"])
def test_amounts_are_written_as_babel_writes_them(language: str):
    euro = filters_of(language)["euro"]
    for cents in (0, 1, 10, 99, 100, 21450, 99_999, 100_000, 123_456, 1_000_000, 99_999_999_99, -1, -21450, -100_000):
        assert euro(cents) == format_currency(Decimal(cents) / 100, "EUR", locale=language), cents


@pytest.mark.parametrize("language", ["it", "en"])
def test_days_and_moments_are_written_as_babel_writes_them(language: str):
    filters = filters_of(language)
    for number in range(0, 800, 3):
        value = datetime(2026, 1, 1, 22, 59, tzinfo=UTC) + timedelta(days=number, minutes=number * 7)
        local = value.astimezone(ROME)
        assert filters["day"](value) == format_date(local.date(), DAY[language], locale=language)
        assert filters["day"](value.date()) == format_date(value.date(), DAY[language], locale=language)
        assert filters["moment"](value) == format_datetime(value, MOMENT[language], tzinfo=ROME, locale=language)
        assert filters["clock"](value) == format_datetime(value, "HH:mm", tzinfo=ROME, locale=language)
    assert filters["day"](date(987, 1, 2)) == format_date(date(987, 1, 2), DAY[language], locale=language)
    assert filters["day"](None) == filters["moment"](None) == "—"


def test_a_translated_text_escapes_its_variables_and_nothing_else():
    gettext = markup_of("en")
    assert gettext("Paga") == Markup("Pay")
    assert gettext("Paga") is gettext("Paga")
    assert gettext("%(name)s & 100%%", name="<b>") == Markup("&lt;b&gt; & 100%")
    assert gettext("100%%") == Markup("100%")


def test_an_icon_and_an_address_are_looked_up_once(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    files = StaticFiles(settings)
    first = files.icon("it-print", "icon icon-xs"), files.address("portal/css/portal.css")
    monkeypatch.setattr(StaticFiles, "find", lambda *_: pytest.fail("looked up again"))
    assert (files.icon("it-print", "icon icon-xs"), files.address("portal/css/portal.css")) == first
    assert first[0].startswith('<svg class="icon icon-xs" aria-hidden="true" focusable="false"><use href="/static/')
    assert first[0].endswith('#it-print"></use></svg>')
