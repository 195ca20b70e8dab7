"""AgID's conformance tool against the running portal, over TLS.

It can end well without having looked (spid.md section 3.1, trap 1), so what it did is counted in its report.
"""

from dataclasses import replace

import pytest
import requests

from tests.spid.conftest import TOOL_IDP, TlsPortal, Tool

METADATA_CHECKS = 103
REQUEST_CHECKS = 44
RESPONSE_CHECKS = 111
CERTIFICATE_CHECKS = 37
CIE_METADATA_CHECKS = 84


@pytest.fixture(scope="module")
def trusting(tool: Tool, portal: TlsPortal) -> Tool:
    return replace(tool, environment={**tool.environment, "REQUESTS_CA_BUNDLE": str(portal.ca_file)})


@pytest.mark.timeout(600)
def test_the_conformance_tool_checks_everything_and_finds_nothing_wrong(trusting: Tool, portal: TlsPortal) -> None:
    login = f"{portal.url}/spid/login?idp={TOOL_IDP}"
    groups = trusting.check(portal, "--authn-url", login, "--extra", "-tr")
    failed = {group: [one for one in checks if one["result"] != "success"] for group, checks in groups.items()}
    assert failed == {"metadata_extra": [], "authnrequest_extra": [], "response": []}
    counts = {group: len(checks) for group, checks in groups.items()}
    assert counts == {
        "metadata_extra": METADATA_CHECKS,
        "authnrequest_extra": REQUEST_CHECKS,
        "response": RESPONSE_CHECKS,
    }
    print(f"spid-sp-test: {counts}, 0 failed")


def test_our_certificate_has_the_profile_of_a_public_body(trusting: Tool, portal: TlsPortal) -> None:
    groups = trusting.check(portal, "-l", "test_spid_compliant_certificates")
    checks = [check for found in groups.values() for check in found]
    assert [one for one in checks if one["result"] != "success"] == []
    assert len(checks) == CERTIFICATE_CHECKS


def test_the_metadata_for_the_electronic_identity_card_pass_its_own_profile(trusting: Tool, portal: TlsPortal) -> None:
    groups = trusting.check(portal, "-pr", "cie-sp-public", federation="cie")
    checks = [check for found in groups.values() for check in found]
    assert [one for one in checks if one["result"] != "success"] == []
    assert len(checks) == CIE_METADATA_CHECKS


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
