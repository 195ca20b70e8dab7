"""AgID's conformance tool against the running portal, over TLS: both bindings, and the profile of CIE.

It can end well without having looked (spid.md section 3.1, trap 1), so what it did is counted in its report.
"""

from dataclasses import replace

import pytest
import requests

from tests.spid.conftest import CIE_IDP, POST_IDP, REDIRECT_IDP, TlsPortal, Tool

METADATA_CHECKS = 103
REDIRECT_CHECKS = 44
POST_CHECKS = 51
RESPONSE_CHECKS = 111
CERTIFICATE_CHECKS = 37
CIE_METADATA_CHECKS = 84
CIE_REQUEST_CHECKS = 42
CIE_RESPONSE_CHECKS = 109
"""Without 70 and 71: the Issuer's Format that they miss is not stated by CIE."""
SOME_RESPONSES = ("1", "2", "4", "16", "31", "63", "94", "104", "110", "111", "xsw1")
"""The answer comes in the same way whichever way the request went: after HTTP-POST one of each kind is enough."""


@pytest.fixture(scope="module")
def trusting(tool: Tool, portal: TlsPortal) -> Tool:
    return replace(tool, environment={**tool.environment, "REQUESTS_CA_BUNDLE": str(portal.ca_file)})


def counts_without_failure(groups: dict[str, list[dict[str, str]]]) -> dict[str, int]:
    failed = {group: [one for one in checks if one["result"] != "success"] for group, checks in groups.items()}
    assert failed == {group: [] for group in groups}
    counts = {group: len(checks) for group, checks in groups.items()}
    print(f"spid-sp-test: {counts}, 0 failed")
    return counts


def login(portal: TlsPortal, idp: str) -> str:
    return f"{portal.url}/spid/login?idp={idp}"


@pytest.mark.timeout(600)
def test_the_conformance_tool_checks_everything_and_finds_nothing_wrong(trusting: Tool, portal: TlsPortal) -> None:
    groups = trusting.check(portal, "--authn-url", login(portal, REDIRECT_IDP), "--extra", "-tr")
    assert counts_without_failure(groups) == {
        "metadata_extra": METADATA_CHECKS,
        "authnrequest_extra": REDIRECT_CHECKS,
        "response": RESPONSE_CHECKS,
    }


@pytest.mark.timeout(600)
def test_by_post_the_request_passes_more_checks_and_its_answers_are_taken_alike(
    trusting: Tool, portal: TlsPortal
) -> None:
    tool = trusting.playing(POST_IDP)
    groups = tool.check(portal, "--authn-url", login(portal, POST_IDP), "--extra", "-tr", "-tn", *SOME_RESPONSES)
    assert counts_without_failure(groups) == {
        "metadata_extra": METADATA_CHECKS,
        "authnrequest_extra": POST_CHECKS,
        "response": len(SOME_RESPONSES),
    }


def test_our_certificate_has_the_profile_of_a_public_body(trusting: Tool, portal: TlsPortal) -> None:
    groups = trusting.check(portal, "-l", "test_spid_compliant_certificates")
    assert sum(counts_without_failure(groups).values()) == CERTIFICATE_CHECKS


@pytest.mark.timeout(600)
def test_the_electronic_identity_card_passes_its_own_profile(trusting: Tool, portal: TlsPortal) -> None:
    tool = trusting.playing(CIE_IDP)
    where = ("--authn-url", login(portal, CIE_IDP), "-pr", "cie-sp-public", "-tr")
    assert counts_without_failure(tool.check(portal, *where, federation="cie")) == {
        "metadata_strict": CIE_METADATA_CHECKS,
        "authnrequest_strict": CIE_REQUEST_CHECKS,
        "response": CIE_RESPONSE_CHECKS,
    }


def test_over_tls_every_cookie_is_bound_to_this_host_and_hidden_from_scripts(portal: TlsPortal) -> None:
    answer = requests.get(
        f"{portal.url}/spid/login",
        params={"idp": "prova-1", "entity": "PM108"},
        verify=str(portal.ca_file),
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 302
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
    # Only the login's own cookie comes along with the identity provider's POST.
    assert sorted("SameSite=None" in cookie for cookie in cookies) == [False, True]
