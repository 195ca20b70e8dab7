"""The debtor of what a citizen inserts: from the session, never from the form."""

from contracts.codes import NAME_MAX_CHARS, FiscalCode
from contracts.rpc.identity import Citizen, Organization
from contracts.shapes import Subject


def debtor_of(citizen: Citizen, organization: Organization | None = None) -> Subject:
    """Return a citizen, or whom the citizen acts for, as a debtor; a name that pagoPA could not carry is cut."""
    name = organization.name if organization else f"{citizen.family_name} {citizen.name}"
    fiscal_code = FiscalCode((organization or citizen).fiscal_code)
    return Subject(
        entity_type=fiscal_code.entity_type,
        fiscal_code=fiscal_code,
        full_name=name[:NAME_MAX_CHARS],
        email=citizen.email,
    )
