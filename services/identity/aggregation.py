"""The settings of who does the login for others: as what, for which bodies, and whom identity providers invoice."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography import x509
from environs import Env, EnvValidationError
from marshmallow import validate

from services.identity.saml.contacts import ACTIVITIES, PUBLIC_AGGREGATOR, Activity, Aggregator, Organization
from services.identity.saml.invoicing import SHAPES, InvoicedParty

_VAT_NUMBER: Final = re.compile(SHAPES["vat_number"])


def read_aggregator(env: Env, organization: Organization) -> Aggregator:
    """Read who does the login for SPID_BODIES. Raises EnvValidationError where its activity needs more than is set."""
    code = env.str("SPID_ACTIVITY", PUBLIC_AGGREGATOR, validate=validate.OneOf(ACTIVITIES))
    activity = ACTIVITIES[code]
    vat_number, fiscal_code = env.str("SPID_VAT_NUMBER", None), env.str("SPID_FISCAL_CODE", None)
    if activity.is_operator and not (vat_number and fiscal_code):
        raise EnvValidationError(f"SPID_ACTIVITY {code} needs SPID_VAT_NUMBER and SPID_FISCAL_CODE", [])
    return Aggregator(
        organization=replace(organization, vat_number=vat_number, fiscal_code=fiscal_code),
        activity=code,
        validation=_validation(env) if activity.is_light else None,
        invoiced=_invoiced(env) if activity.is_private else None,
    )


def read_bodies(env: Env, activity: Activity) -> dict[str, Organization]:
    """Read `{"PM108": {"name": ..., "ipa_code": ..., "url": ..., "email": ..., "telephone": ...}}`.

    The last two may be left out. A private body has a `vat_number` (`IT…`), a `fiscal_code` or both in place of the
    `ipa_code`. Raises EnvValidationError for anything else.
    """
    found = env.json("SPID_BODIES", {})
    if not isinstance(found, dict):
        raise EnvValidationError("SPID_BODIES: not an object", [])
    try:
        return {entity_code: _body(values, activity) for entity_code, values in found.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise EnvValidationError(f"SPID_BODIES: a body is not complete ({error})", []) from error


def _body(values: Mapping[str, str], activity: Activity) -> Organization:
    body = Organization(
        name=values["name"],
        ipa_code=None if activity.is_private else values["ipa_code"],
        url=values["url"],
        email=values.get("email", ""),
        telephone=values.get("telephone"),
        vat_number=values.get("vat_number"),
        fiscal_code=values.get("fiscal_code"),
    )
    if activity.is_private and "ipa_code" in values:
        raise EnvValidationError(f"SPID_BODIES: {body.name} has an ipa_code, so it is a public body", [])
    if activity.is_private and not (body.vat_number or body.fiscal_code):
        raise EnvValidationError(f"SPID_BODIES: {body.name} needs a vat_number or a fiscal_code", [])
    if body.vat_number and not _VAT_NUMBER.fullmatch(body.vat_number):
        raise EnvValidationError(f"SPID_BODIES: the vat_number of {body.name} begins with its country, as IT", [])
    return body


def _validation(env: Env) -> x509.Certificate:
    path: Path | None = env.path("SPID_VALIDATION_CERT_FILE", None)
    if path is None:
        raise EnvValidationError("SPID_VALIDATION_CERT_FILE: a light activity needs its certificate", [])
    return x509.load_pem_x509_certificate(path.read_bytes())


def _invoiced(env: Env) -> InvoicedParty:
    """Read the fields of InvoicedParty as JSON. Raises EnvValidationError for one that AgID's schema refuses."""
    found = env.json("SPID_INVOICED_PARTY", None)
    if not isinstance(found, dict):
        raise EnvValidationError("SPID_INVOICED_PARTY: an activity for private bodies needs whom to invoice", [])
    try:
        party = InvoicedParty(**found)
    except TypeError as error:
        raise EnvValidationError(f"SPID_INVOICED_PARTY: {error}", []) from error
    wrong = [
        name for name, value in found.items() if not (isinstance(value, str) and re.fullmatch(SHAPES[name], value))
    ]
    if wrong:
        raise EnvValidationError(f"SPID_INVOICED_PARTY: not as AgID's schema wants it: {', '.join(wrong)}", [])
    if not (party.vat_number or party.fiscal_code):
        raise EnvValidationError("SPID_INVOICED_PARTY: needs a vat_number or a fiscal_code", [])
    return party
