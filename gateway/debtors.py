"""The debtor of what a citizen inserts: from the session, never from the form."""

from contracts.codes import NAME_MAX_CHARS, FiscalCode
from contracts.rpc.identity import Citizen
from contracts.shapes import Subject


def debtor_of(citizen: Citizen) -> Subject:
    """Return a citizen as the debtor of a practice; a name that pagoPA could not carry is cut."""
    return Subject(
        entity_type=FiscalCode(citizen.fiscal_code).entity_type,
        fiscal_code=citizen.fiscal_code,
        full_name=f"{citizen.name} {citizen.family_name}"[:NAME_MAX_CHARS],
        email=citizen.email,
    )
