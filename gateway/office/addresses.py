"""Addresses of the offices' pages: the one place that writes them. No personal data in them."""

from collections.abc import Mapping
from datetime import date
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


def plan_insertion(entity_code: str) -> str:
    """Type a plan of instalments in."""
    return f"{insertion(entity_code)}/piano"


def practice(entity_code: str, practice_id: UUID | str, action: str | None = None) -> str:
    """One practice, or what is done with it: modifica, annulla, ripristina, avviso.pdf, quietanza.pdf."""
    address = f"{home(entity_code)}/pratiche/{practice_id}"
    return address if action is None else f"{address}/{action}"


def debt_imports(entity_code: str, **params: str | int | None) -> str:
    """The debt files, and the form that sends one."""
    return _with_params(f"{home(entity_code)}/importa", _known(params))


def debt_import(entity_code: str, import_id: UUID, action: str | None = None, **params: str | int | None) -> str:
    """One file, or what is done with it: carica, annulla, sospendi, riprendi, correggi, mancanti, da-correggere.csv."""
    address = f"{home(entity_code)}/importa/{import_id}"
    return _with_params(address if action is None else f"{address}/{action}", _known(params))


def printing(entity_code: str, **params: str | int | None) -> str:
    """Print many notices: the filter, and the jobs."""
    return _with_params(f"{home(entity_code)}/stampa", _known(params))


def print_job(entity_code: str, job_id: UUID, action: str | None = None, **params: str | int | None) -> str:
    """One printing job, or what it has printed: avvisi.zip, avvisi.pdf, senza-avviso.csv."""
    address = f"{printing(entity_code)}/{job_id}"
    return _with_params(address if action is None else f"{address}/{action}", _known(params))


def filter_text(filters: Mapping[str, str]) -> str:
    """Write a filter as it stands in an address, without what is not asked for."""
    return urlencode({name: text for name, text in filters.items() if text})


def receipts(entity_code: str, action: str | None = None, **params: str | int | None) -> str:
    """Receipts that were refused or never came, or what is done with them: `file`, `recupera`, `ID/prendi`."""
    address = f"{home(entity_code)}/ricevute"
    return _with_params(address if action is None else f"{address}/{action}", _known(params))


def help_desk(entity_code: str) -> str:
    """Why somebody could not log in."""
    return f"{home(entity_code)}/assistenza"


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


def statistics(entity_code: str, **params: str) -> str:
    """What was collected in a year, how soon, and what is late."""
    return _with_params(f"{home(entity_code)}/statistiche", params)


def statistic_rows(entity_code: str, kind: str, **params: str | int | None) -> str:
    """What a figure was counted from: incassi, giorni, scadute."""
    return _with_params(f"{home(entity_code)}/statistiche/{kind}", _known(params))


def api_keys(entity_code: str) -> str:
    """The API keys of the entity's software."""
    return f"{home(entity_code)}/chiavi"


def api_key(entity_code: str, key_id: UUID, action: str) -> str:
    """What is done with one: rinnova, revoca."""
    return f"{api_keys(entity_code)}/{key_id}/{action}"


def webhooks(entity_code: str) -> str:
    """Where events are sent to."""
    return f"{home(entity_code)}/notifiche"


def webhook(entity_code: str, webhook_id: UUID, action: str | None = None, **params: str | int) -> str:
    """One of them, or what is done with it: modifica, prova, rimanda, segreto, elimina."""
    address = f"{webhooks(entity_code)}/{webhook_id}"
    return _with_params(address if action is None else f"{address}/{action}", _known(params))


def settlement(entity_code: str, **params: str) -> str:
    """The days of settlement of a month."""
    return _with_params(f"{home(entity_code)}/riconciliazione", params)


def settlement_day(entity_code: str, day: date, action: str | None = None) -> str:
    """One day, or what is made of it: riapri, rapporto.csv, rapporto.pdf."""
    address = f"{settlement(entity_code)}/giorni/{day.isoformat()}"
    return address if action is None else f"{address}/{action}"


def settlement_flow(entity_code: str, flow_id: str) -> str:
    """One settlement flow."""
    return f"{settlement(entity_code)}/flussi/{quote(flow_id, safe='')}"


def upload_flow(entity_code: str) -> str:
    """Send a flow as a file."""
    return f"{settlement(entity_code)}/carica-flusso"


def register_credit(entity_code: str) -> str:
    """Type a credit of the bank in."""
    return f"{settlement(entity_code)}/registra-accredito"


def settlement_worklist(entity_code: str, **params: str | int | None) -> str:
    """The rows of flows for a human."""
    return _with_params(f"{settlement(entity_code)}/da-guardare", _known(params))


def unmatched_credits(entity_code: str, **params: str | int | None) -> str:
    """The bank's credits that no flow belongs to."""
    return _with_params(f"{settlement(entity_code)}/accrediti", _known(params))


def catalogue(entity_code: str) -> str:
    """The entity's services and texts."""
    return f"{home(entity_code)}/catalogo"


def catalogue_entity(entity_code: str) -> str:
    """What people read of the entity."""
    return f"{catalogue(entity_code)}/ente"


def catalogue_logo(entity_code: str) -> str:
    """Another logo."""
    return f"{catalogue(entity_code)}/logo"


def catalogue_service(entity_code: str, service_code: str | None, action: str | None = None) -> str:
    """A service, or `ritira`; without a code the form of a new one."""
    if service_code is None:
        return f"{catalogue(entity_code)}/nuovo-servizio"
    address = f"{catalogue(entity_code)}/servizi/{quote(service_code, safe='')}"
    return address if action is None else f"{address}/{action}"


def failures(entity_code: str) -> str:
    """What got stuck on its way."""
    return f"{home(entity_code)}/fermi"


def dead_letters(entity_code: str, consumer: str, letter_id: str | None = None, action: str | None = None) -> str:
    """The dead letters of a consumer, one of them, or what is done with it: rimanda, elimina."""
    address = f"{failures(entity_code)}/{quote(consumer, safe='')}"
    parts = [address] if letter_id is None else [address, quote(letter_id, safe="")]
    return "/".join(parts if action is None else [*parts, action])


def _known(params: Mapping[str, str | int | None]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items() if value not in (None, "")}


def _with_params(address: str, params: dict[str, str]) -> str:
    return f"{address}?{urlencode(params)}" if params else address
