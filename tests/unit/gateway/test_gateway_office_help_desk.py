"""The help desk: what an operator tells somebody who could not log in, by the reference that the page showed."""

import pytest

from contracts.rpc import help_desk
from tests.unit.gateway.gateway_browser import Browser, text_of
from tests.unit.gateway.gateway_services import NOW, Services
from tests.unit.gateway.office_services import OFFICE_TOKEN, Office

HELP = "/ufficio/PM108/assistenza"


@pytest.fixture(name="office")
def _office(services: Services) -> Office:
    found = Office(services)
    found.become("sportello")
    return found


@pytest.fixture(name="desk")
def _desk(browser: Browser, office: Office) -> Browser:
    browser.cookies["office"] = OFFICE_TOKEN
    return browser


@pytest.mark.parametrize(
    ("reason", "anomaly", "told"),
    [
        ("other_browser", None, "in un altro browser"),
        ("request_expired", None, "più di 15 minuti"),
        ("level_too_low", None, "livello di sicurezza più basso"),
        ("response_in_future", None, "Un orologio"),
        ("user_anomaly", 25, "Hai annullato l'accesso."),
        ("user_anomaly", 20, "livello 2"),
        ("fiscal_code", None, "non ha un codice fiscale italiano"),
        ("name_id", None, "Avvisa chi gestisce il portale"),
    ],
)
def test_a_reference_says_what_happened_and_what_to_tell(
    desk: Browser, office: Office, services: Services, reason: str, anomaly: int | None, told: str
) -> None:
    office.refused_login = help_desk.RefusedLogin(reference="AB12-CD34", at=NOW, reason=reason, anomaly=anomaly)
    assert told in text_of(desk.get(f"{HELP}?riferimento=%20ab12-cd34"))
    (asked,) = services.asked(help_desk.REFUSED_LOGIN)
    assert (asked.entity_code, asked.reference) == ("PM108", "ab12-cd34")


def test_what_is_not_known_is_said_and_nothing_is_asked_without_a_reference(desk: Browser, services: Services) -> None:
    assert "Non abbiamo trovato nulla." in text_of(desk.get(f"{HELP}?riferimento=X"))
    assert "Non abbiamo trovato nulla." not in text_of(desk.get(f"{HELP}?riferimento=%20"))
    assert len(services.asked(help_desk.REFUSED_LOGIN)) == 1
