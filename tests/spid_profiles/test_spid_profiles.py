"""AgID's conformance tool against a portal that logs in for many bodies, organizations and other countries, by POST.

Its profiles of an aggregator and of eIDAS; what they did is counted in the report (spid.md section 3.1, trap 1).
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.spid.conftest import EIDAS_IDP, REDIRECT_IDP, TlsPortal, Tool, running_portal
from tests.spid.test_spid_conformance import POST_CHECKS, RESPONSE_CHECKS, SOME_RESPONSES, counts_without_failure, login

BODIES = {
    "PM108": {"name": "Comune di Taranto", "ipa_code": "c_l049", "url": "https://taranto.example"},
    "PM200": {"name": "Comune di Bari", "ipa_code": "c_a662", "url": "https://bari.example"},
}
METADATA_CHECKS = 160
AGGREGATED_METADATA_CHECKS = 186
AGGREGATOR = {
    "SPID_BODIES": json.dumps(BODIES),
    "SPID_VAT_NUMBER": "IT00743110157",
    "SPID_FISCAL_CODE": "00743110157",
    "SPID_CONTACT_PHONE": "+390612345678",
}
EIDAS_METADATA_CHECKS = 137
EIDAS_REQUEST_CHECKS = 49


@pytest.fixture(scope="module")
def portal(
    tmp_path_factory: pytest.TempPathFactory, tool: Tool, amqp_url: str, database_url: str
) -> Iterator[TlsPortal]:
    environment = {
        **AGGREGATOR,
        "SPID_BINDING": "post",
        "SPID_PURPOSES": "PX,LP,PG",
        "SPID_EIDAS": "true",
    }
    with running_portal(tmp_path_factory.mktemp("profiles"), tool, amqp_url, database_url, environment) as running:
        yield running


@pytest.fixture(scope="module")
def trusting(tool: Tool, portal: TlsPortal) -> Tool:
    return replace(tool, environment={**tool.environment, "REQUESTS_CA_BUNDLE": str(portal.ca_file)})


@pytest.mark.timeout(600)
def test_with_binding_post_every_request_is_posted_and_every_answer_judged_alike(
    trusting: Tool, portal: TlsPortal
) -> None:
    groups = trusting.check(portal, "--authn-url", login(portal, REDIRECT_IDP), "--extra", "-tr")
    assert counts_without_failure(groups) == {
        "metadata_extra": METADATA_CHECKS,
        "authnrequest_extra": POST_CHECKS,
        "response": RESPONSE_CHECKS,
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("purpose", ["PX", "LP", "PG"])
def test_a_request_with_a_purpose_passes_and_its_answers_are_judged_alike(
    trusting: Tool, portal: TlsPortal, purpose: str
) -> None:
    address = f"{login(portal, REDIRECT_IDP)}&purpose={purpose}"
    groups = trusting.check(portal, "--authn-url", address, "--extra", "-tr", "-tn", *SOME_RESPONSES)
    assert counts_without_failure(groups) == {
        "metadata_extra": METADATA_CHECKS,
        "authnrequest_extra": POST_CHECKS,
        "response": len(SOME_RESPONSES),
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("entity_code", BODIES)
def test_the_metadata_of_each_body_pass_the_profile_of_an_aggregator(
    trusting: Tool, portal: TlsPortal, entity_code: str
) -> None:
    groups = trusting.check(portal, "-pr", "spid-sp-ag-public-full", "--extra", query=f"?entity={entity_code}")
    assert counts_without_failure(groups) == {"metadata_extra": AGGREGATED_METADATA_CHECKS}


@pytest.mark.timeout(600)
def test_a_login_in_the_pages_of_a_body_passes_as_that_body(trusting: Tool, portal: TlsPortal) -> None:
    address = f"{login(portal, REDIRECT_IDP)}&entity=PM108"
    where = ("--authn-url", address, "-pr", "spid-sp-ag-public-full", "--extra", "-tr")
    groups = trusting.check(portal, *where, query="?entity=PM108")
    assert counts_without_failure(groups) == {
        "metadata_extra": AGGREGATED_METADATA_CHECKS,
        "authnrequest_extra": POST_CHECKS,
        "response": RESPONSE_CHECKS,
    }


@pytest.mark.timeout(600)
def test_the_metadata_and_the_request_pass_the_profile_of_eidas(trusting: Tool, portal: TlsPortal) -> None:
    tool = trusting.playing(EIDAS_IDP)
    where = ("--authn-url", login(portal, EIDAS_IDP), "-pr", "ficep-eidas-sp", "-tr", "-tn", *SOME_RESPONSES)
    assert counts_without_failure(tool.check(portal, *where)) == {
        "metadata_strict": EIDAS_METADATA_CHECKS,
        "authnrequest_strict": EIDAS_REQUEST_CHECKS,
        "response": len(SOME_RESPONSES),
    }
