"""AgID's conformance tool against a portal that logs in for others as anything but a full aggregator.

One portal after the other: they share a broker.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.spid.conftest import REDIRECT_IDP, Tool, running_portal
from tests.spid.test_spid_conformance import REDIRECT_CHECKS, SOME_RESPONSES, counts_without_failure, login
from tests.spid.tls import write_certificate
from tests.spid_profiles.test_spid_profiles import AGGREGATOR

PRIVATE = {
    "SPID_BODIES": json.dumps(
        {"PM108": {"name": "Scuola privata", "url": "https://scuola.example", "vat_number": "IT02468135791"}}
    ),
    "SPID_INVOICED_PARTY": json.dumps(
        {
            "name": "Gestore",
            "street": "Via Roma",
            "street_number": "3",
            "postal_code": "74121",
            "city": "Taranto",
            "province": "TA",
            "email": "fatture@gestore.example",
            "vat_number": "IT00743110157",
            "fiscal_code": "00743110157",
        }
    ),
}
LIGHT_METADATA_CHECKS = 132
PRIVATE_METADATA_CHECKS = 147
OPERATOR_METADATA_CHECKS = 115
LIGHT_OPERATOR_METADATA_CHECKS = 108
"""As far as the tool comes: a wrong keyword in its own profile ends it before the types of the contacts.

Those are compared in tests/unit/identity/test_identity_sandbox.py.
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("activity", "profile", "checks", "is_asked"),
    [
        ("pub-ag-lite", "spid-sp-ag-public-lite", LIGHT_METADATA_CHECKS, True),
        ("pri-ag-full", "spid-sp-ag-private-full", PRIVATE_METADATA_CHECKS, True),
        ("pri-ag-lite", "spid-sp-ag-private-lite", PRIVATE_METADATA_CHECKS, False),
        ("pub-op-full", "spid-sp-op-public-full", OPERATOR_METADATA_CHECKS, True),
        # Where the tool breaks off it asks nothing more.
        ("pub-op-lite", "spid-sp-op-public-lite", LIGHT_OPERATOR_METADATA_CHECKS, False),
    ],
)
def test_each_other_activity_passes_its_profile_in_metadata_request_and_answers(
    tmp_path: Path,
    tool: Tool,
    amqp_url: str,
    database_url: str,
    activity: str,
    profile: str,
    checks: int,
    *,
    is_asked: bool,
) -> None:
    certificate = tmp_path / "validation.pem"
    write_certificate(tmp_path / "validation.key", certificate, "who checks the light ones")
    environment = {**AGGREGATOR, "SPID_ACTIVITY": activity, "SPID_VALIDATION_CERT_FILE": str(certificate)}
    if activity.startswith("pri-"):
        environment |= PRIVATE
    expected = {"metadata_extra": checks}
    with running_portal(tmp_path, tool, amqp_url, database_url, environment) as portal:
        trusting = replace(tool, environment={**tool.environment, "REQUESTS_CA_BUNDLE": str(portal.ca_file)})
        where = ["-pr", profile, "--extra"]
        if is_asked:
            where += ["--authn-url", f"{login(portal, REDIRECT_IDP)}&entity=PM108", "-tr", "-tn", *SOME_RESPONSES]
            expected |= {"authnrequest_extra": REDIRECT_CHECKS, "response": len(SOME_RESPONSES)}
        found = trusting.check(portal, *where, query="?entity=PM108")
    assert counts_without_failure(found) == expected
