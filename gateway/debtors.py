"""The debtor of what a citizen inserts: from the session, never from the form."""

from contracts.codes import ANONYMOUS_FISCAL_CODE, NAME_MAX_CHARS, FiscalCode
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


def by_name_alone(full_name: str | None) -> Subject | None:
    """Return who pays without login as a debtor, where there is a name."""
    return Subject(entity_type="F", fiscal_code=ANONYMOUS_FISCAL_CODE, full_name=full_name) if full_name else None
