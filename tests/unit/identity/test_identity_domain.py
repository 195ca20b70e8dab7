"""The rules of identity: where a login may lead, how long a session lives, what is granted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import FiscalCode
from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import PURPOSES, ConsentEvent
from services.identity import documents, domain
from services.identity.domain import LoginRefusal
from services.identity.saml.refusal import Reason, ResponseRefused

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/enti/PM108",
        "/enti/PM108/pratiche",
        "/enti/PM108/pratiche?stato=to_pay&pagina=2",
        "/enti/PM108/inserimento/BOLLO_IT",
        "/profilo/privacy",
        "/profilo/registrazione?return_to=%2Fenti%2FPM108%2Fpratiche",
    ],
)
def test_a_login_may_lead_to_our_own_pages(path: str) -> None:
    assert domain.return_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "enti/PM108",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/enti/",
        "/enti//evil.example",
        "/enti/../logout",
        "/spid/acs",
        "/api/v1/me",
        "/enti/PM108\r\nSet-Cookie: a=b",
        "/enti/PM108\n",
        "javascript:alert(1)",
        "/enti/PM108?x=<script>",
        "/entity",
    ],
)
def test_a_login_leads_nowhere_else(path: str) -> None:
    with pytest.raises(Refused) as refused:
        domain.return_path(path)
    assert refused.value.code is ErrorCode.INVALID_REQUEST


@given(st.text(alphabet="/\\.:@?#%&=enti \r\n", max_size=30))
def test_whatever_is_accepted_stays_on_this_site(path: str) -> None:
    try:
        accepted = domain.return_path(path)
    except Refused:
        return
    assert accepted.startswith("/")
    assert not accepted.startswith(("//", "/\\"))
    assert "\\" not in accepted
    assert not set("\r\n #@") & set(accepted)


def test_an_identity_needs_a_fiscal_code_and_a_name_but_no_email() -> None:
    attributes = {"fiscalNumber": "TINIT-RSSMRA85T10A562S", "name": "Mario", "familyName": "Rossi"}
    asserted = domain.asserted_identity(attributes)
    assert asserted == domain.AssertedIdentity(FiscalCode("RSSMRA85T10A562S"), "Mario", "Rossi", None)
    lower_case = domain.asserted_identity({**attributes, "fiscalNumber": "TINIT-rssmra85t10a562s"})
    assert lower_case.fiscal_code == "RSSMRA85T10A562S"
    assert domain.asserted_identity({**attributes, "email": "m@posta.example"}).email == "m@posta.example"


@pytest.mark.parametrize("number", ["", "RSSMRA85T10A562S", "TINDE-RSSMRA85T10A562S", "TINIT-RSS", "TINIT-12345678901"])
def test_a_fiscal_code_of_another_shape_is_refused(number: str) -> None:
    with pytest.raises(ResponseRefused) as refused:
        domain.asserted_identity({"fiscalNumber": number, "name": "Mario", "familyName": "Rossi"})
    assert refused.value.reason is Reason.FISCAL_CODE


@pytest.mark.parametrize("missing", ["name", "familyName"])
def test_an_identity_without_name_is_refused(missing: str) -> None:
    attributes = {"fiscalNumber": "TINIT-RSSMRA85T10A562S", "name": "Mario", "familyName": "Rossi"}
    with pytest.raises(ResponseRefused) as refused:
        domain.asserted_identity({**attributes, missing: ""})
    assert refused.value.reason is Reason.ATTRIBUTE_INVALID


def test_a_session_ends_after_twenty_minutes_unused() -> None:
    times = domain.SessionTimes(NOW, NOW, None)
    assert times.is_live(NOW + timedelta(minutes=20) - timedelta(seconds=1))
    assert not times.is_live(NOW + timedelta(minutes=20))


def test_a_session_in_use_ends_after_eight_hours() -> None:
    times = domain.SessionTimes(NOW, NOW + timedelta(hours=7, minutes=55), None)
    assert times.idle_until == times.expires_at == NOW + timedelta(hours=8)
    assert not times.is_live(NOW + timedelta(hours=8))


def test_a_revoked_session_is_over() -> None:
    assert not domain.SessionTimes(NOW, NOW, NOW).is_live(NOW)


def test_the_texts_shipped_cover_every_purpose_in_both_languages() -> None:
    in_force = domain.in_force(documents.load(), NOW)
    assert set(in_force) == set(PURPOSES)
    for document in in_force.values():
        assert all(document.text[language] and document.title[language] for language in ("it", "en"))
        assert len(document.sha256) == 64


def test_a_new_version_is_in_force_from_its_day_in_rome() -> None:
    old = next(one for one in documents.load() if one.purpose == "registration")
    new = replace(old, id="registration-2.0", version="2.0", valid_from=date(2026, 12, 1))
    before, after = datetime(2026, 11, 30, 22, 59, tzinfo=UTC), datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert domain.in_force([new, old], before)["registration"] is old
    assert domain.in_force([new, old], after)["registration"] is new


def consent_event(purpose: str, action: str) -> ConsentEvent:
    return ConsentEvent(at=NOW, purpose=purpose, action=action, document_id=f"{purpose}-1.0", document_version="1.0")


def test_what_was_revoked_last_is_not_granted_and_what_was_granted_again_is() -> None:
    history = [
        consent_event("registration", "acknowledged"),
        consent_event("email_reminders", "granted"),
        consent_event("email_reminders", "revoked"),
    ]
    assert domain.granted(history) == ["registration"]
    assert domain.granted([*history, consent_event("email_reminders", "granted")]) == [
        "email_reminders",
        "registration",
    ]
    assert domain.granted([]) == []


def refusal(reason: Reason, anomaly: int | None = None) -> LoginRefusal:
    return LoginRefusal(
        reference="ABC",
        reason=reason,
        detail="",
        anomaly=anomaly,
        idp_entity_id=None,
        entity_code=None,
        spid_level=None,
        request_id=None,
    )


@pytest.mark.parametrize(
    ("reason", "anomaly", "told"),
    [
        (Reason.USER_ANOMALY, 25, 25),
        (Reason.LEVEL_TOO_LOW, None, 20),
        (Reason.REQUEST_EXPIRED, None, 21),
        (Reason.CONFIRMATION_EXPIRED, None, 21),
        (Reason.CONDITIONS_EXPIRED, None, 21),
        (Reason.SESSION_EXPIRED, None, 21),
        (Reason.SIGNATURE_INVALID, None, None),
    ],
)
def test_what_we_find_ourselves_is_told_by_agids_number(reason: Reason, anomaly: int | None, told: int | None) -> None:
    assert domain.told_anomaly(refusal(reason, anomaly)) == told


def test_an_identity_without_fiscal_code_is_told_as_what_it_came_through() -> None:
    assert domain.told_reason(refusal(Reason.FISCAL_CODE), is_eidas=True) == "eidas"
    assert domain.told_reason(refusal(Reason.FISCAL_CODE), is_eidas=False) == "foreign_identity"
    assert domain.told_reason(refusal(Reason.AUDIENCE), is_eidas=True) is None


@pytest.mark.parametrize(
    ("attributes", "organization"),
    [
        ({"companyFiscalNumber": "TINIT-80012345676", "ivaCode": "VATIT-00743110157"}, ("80012345676", "80012345676")),
        ({"ivaCode": "vatit-00743110157", "companyName": "Ditta"}, ("00743110157", "Ditta")),
        ({"companyFiscalNumber": "RSSMRA85T10A562S", "companyName": "Studio"}, ("RSSMRA85T10A562S", "Studio")),
        ({"companyFiscalNumber": "", "ivaCode": "00743110157", "companyName": ""}, ("00743110157", "00743110157")),
        ({"companyName": "Ditta"}, None),
        ({"ivaCode": "VATDE-123456789"}, None),
        ({"ivaCode": "0074311015"}, None),
    ],
)
def test_an_organization_is_whom_a_code_names(attributes: dict[str, str], organization: tuple[str, str] | None) -> None:
    found = domain.asserted_organization(attributes)
    assert (found and (found.fiscal_code, found.name)) == organization


def test_a_login_is_fresh_for_ten_minutes_however_much_it_is_used() -> None:
    times = domain.SessionTimes(created_at=NOW, seen_at=NOW + timedelta(hours=1), revoked_at=None)
    assert times.fresh_until == NOW + timedelta(minutes=10)
