"""Addresses of the offices' pages: the one place that writes them. No personal data in them."""

from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

OFFICES: Final = "/ufficio"
LOGOUT: Final = "/ufficio/esci"
INVITATION: Final = "/ufficio/invito"
INVITATION_ACCEPT: Final = "/ufficio/invito/accetta"


def is_office(path: str) -> bool:
    """Return whether an address is one of an office's pages."""
    return path == OFFICES or path.startswith(f"{OFFICES}/")


def invitation(token: str) -> str:
    """The link that is sent to who is invited."""
    return f"{INVITATION}/{quote(token, safe='')}"


def home(entity_code: str) -> str:
    """What the operator may do."""
    return f"{OFFICES}/{quote(entity_code, safe='')}"


def login(entity_code: str, return_to: str | None = None, idp: str | None = None) -> str:
    """The choice of the identity provider, or straight to one."""
    params = {name: value for name, value in (("return_to", return_to), ("idp", idp)) if value}
    return _with_params(f"{home(entity_code)}/accesso", params)


def practices(entity_code: str, **params: str) -> str:
    """Look for practices, and what was found last."""
    return _with_params(f"{home(entity_code)}/pratiche", params)


def insertion(entity_code: str) -> str:
    """Type a practice in."""
    return f"{home(entity_code)}/inserisci"


def practice(entity_code: str, practice_id: UUID | str, action: str | None = None) -> str:
    """One practice, or what is done with it: modifica, annulla, ripristina, avviso.pdf, quietanza.pdf."""
    address = f"{home(entity_code)}/pratiche/{practice_id}"
    return address if action is None else f"{address}/{action}"


def money_cases(entity_code: str, **params: str) -> str:
    """Payments that nobody expected; `parte`, `cursor`."""
    return _with_params(f"{home(entity_code)}/pagamenti-non-attesi", params)


def money_case(entity_code: str, case_id: UUID | str, step: str | None = None) -> str:
    """One of them, or what is done with it: iban, rimborsa, conferma, ritira, pagato, restituito, compensa, ..."""
    address = f"{home(entity_code)}/pagamenti-non-attesi/{case_id}"
    return address if step is None else f"{address}/{step}"


def refunds(entity_code: str) -> str:
    """Files of refunds for the bank."""
    return f"{home(entity_code)}/rimborsi"


def refund_file(entity_code: str, export_id: UUID, ending: str) -> str:
    """One of them: csv or xml."""
    return f"{refunds(entity_code)}/{export_id}/rimborsi.{ending}"


def refunds_paid(entity_code: str, export_id: UUID) -> str:
    """The bank has paid it."""
    return f"{refunds(entity_code)}/{export_id}/pagato"


def colleagues(entity_code: str) -> str:
    """Who works in the office."""
    return f"{home(entity_code)}/colleghi"


def invite(entity_code: str) -> str:
    """Invite a colleague."""
    return f"{colleagues(entity_code)}/invita"


def withdraw(entity_code: str, invitation_id: UUID) -> str:
    """Make an invitation void."""
    return f"{colleagues(entity_code)}/inviti/{invitation_id}/ritira"


def colleague(entity_code: str, operator_id: UUID, action: str | None = None) -> str:
    """The roles of a colleague, or `rimuovi`."""
    address = f"{colleagues(entity_code)}/{operator_id}"
    return address if action is None else f"{address}/{action}"


def audit(entity_code: str, **params: str | int | None) -> str:
    """Who changed what."""
    return _with_params(f"{home(entity_code)}/registro", _known(params))


def audit_csv(entity_code: str, **params: str | int | None) -> str:
    """The same as a file."""
    return _with_params(f"{home(entity_code)}/registro.csv", _known(params))


def colleague_place(operator_id: UUID) -> str:
    """Where a colleague stands in the list."""
    return f"collega-{operator_id}"


def _known(params: dict[str, str | int | None]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items() if value not in (None, "")}


def _with_params(address: str, params: dict[str, str]) -> str:
    return f"{address}?{urlencode(params)}" if params else address
