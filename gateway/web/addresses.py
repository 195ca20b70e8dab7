"""Addresses of the pages (design section 3): the one place that writes them, used by code and templates."""

from typing import Final
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

from contracts.rpc.practices import Colours

HOME: Final = "/"
DIRECT_SEARCH: Final = "/pmPortal/directSearch"
PRIVACY: Final = "/profilo/privacy"
PRIVACY_GRANT: Final = "/profilo/privacy/concedi"
PRIVACY_REVOKE: Final = "/profilo/privacy/revoca"
PRIVACY_EXPORT: Final = "/profilo/dati.json"
SESSIONS: Final = "/profilo/accessi"
SESSION_END: Final = "/profilo/accessi/termina"
SESSION_EXTEND: Final = "/profilo/accessi/prolunga"
PRIVATE_LINK_REVOKE: Final = "/privato/revoca"
CALENDAR_RENEW: Final = "/profilo/calendario/crea"
CALENDAR_REVOKE: Final = "/profilo/calendario/revoca"
BENEFICIARY_FORGET: Final = "/profilo/studenti/dimentica"
REGISTRATION: Final = "/profilo/registrazione"
LOGIN: Final = "/spid/login"
LOGOUT: Final = "/logout"
PRIVACY_NOTICE: Final = "/informativa-privacy"
ACCESSIBILITY: Final = "/accessibilita"
VERIFICATION: Final = "/verifica"
ANNOUNCEMENT_PARAM: Final = "messaggio"
MAIN_PLACE: Final = "contenuto"
SESSION_PLACE: Final = "sessione"
PRIVATE_LINK_PLACE: Final = "link-privato"
CALENDAR_PLACE: Final = "calendario"
REFRESH_PLACE: Final = "aggiorna"


def search(entity_code: str) -> str:
    """Ricerca pratica: the entity's front page."""
    return f"/enti/{quote(entity_code, safe='')}"


def front(entity_code: str | None) -> str:
    """The entity's front page, or the portal's without one."""
    return search(entity_code) if entity_code else HOME


def search_action(entity_code: str) -> str:
    """Where the search form goes."""
    return f"{search(entity_code)}/ricerca"


def results(entity_code: str) -> str:
    """What this browser's last search found."""
    return f"{search(entity_code)}/risultati"


def practices(entity_code: str, **params: str) -> str:
    """Pratiche associate."""
    return _with_params(f"{search(entity_code)}/pratiche", params)


def practice(entity_code: str, practice_id: UUID) -> str:
    """One practice and its story."""
    return f"{search(entity_code)}/pratiche/{practice_id}"


def notice_code(entity_code: str, practice_id: UUID) -> str:
    """The notice number in large type, to keep."""
    return f"{practice(entity_code, practice_id)}/codice"


def pay(entity_code: str, practice_id: UUID) -> str:
    """Where Paga goes."""
    return f"{practice(entity_code, practice_id)}/paga"


def notice_pdf(entity_code: str, practice_id: UUID) -> str:
    """Stampa bollettino."""
    return f"{practice(entity_code, practice_id)}/bollettino.pdf"


def due_date_entry(entity_code: str, practice_id: UUID) -> str:
    """The due date for a calendar."""
    return f"{practice(entity_code, practice_id)}/scadenza.ics"


def receipt_pdf(entity_code: str, practice_id: UUID, receipt_id: str | None = None) -> str:
    """The receipt (quietanza), of all payments of the practice or of one."""
    address = f"{practice(entity_code, practice_id)}/quietanza.pdf"
    return address if receipt_id is None else _with_params(address, {"ricevuta": receipt_id})


def refund(entity_code: str, practice_id: UUID, case_id: UUID) -> str:
    """Ask for money back that was paid and not owed."""
    return f"{practice(entity_code, practice_id)}/rimborso/{case_id}"


def calendar_feed(token: str) -> str:
    """The due dates of whoever made this token, for a calendar."""
    return f"/calendario/{token}.ics"


def pay_link(token: str) -> str:
    """One debt, a tap before paying it: the link of an entity."""
    return f"/paga/{token}"


def private_link(token: str) -> str:
    """What somebody inserted without login: their own link back to it."""
    return f"/privato/{token}"


def private_link_mail(entity_code: str, practice_id: UUID) -> str:
    """Where the private link is sent by e-mail from."""
    return f"{practice(entity_code, practice_id)}/link"


def stamp_xml(entity_code: str, practice_id: UUID) -> str:
    """The digital revenue stamp that was bought with it."""
    return f"{practice(entity_code, practice_id)}/marca-da-bollo.xml"


def insertion(entity_code: str, service_code: str | None = None, *, beneficiary_id: UUID | None = None) -> str:
    """Inserimento spontaneo, or the form of one service, filled in for a student paid for before."""
    address = f"{search(entity_code)}/inserimento"
    if service_code is None:
        return address
    params = {"studente": str(beneficiary_id)} if beneficiary_id else {}
    return _with_params(f"{address}/{quote(service_code, safe='')}", params)


def colours(entity_code: str, of_entity: Colours) -> str:
    """The style sheet with an entity's colours, which the address names: others are at another one."""
    version = f"{of_entity.primary}{of_entity.dark}".replace("#", "")
    return _with_params(f"{search(entity_code)}/colori.css", {"v": version})


def history(entity_code: str, **params: str | int) -> str:
    """Storico e quietanze; `anno`, `cursor`."""
    return _with_params(f"{search(entity_code)}/storico", {name: str(value) for name, value in params.items()})


def paid_year(entity_code: str, year: int, ending: str) -> str:
    """What was paid in a year, for the tax return: `csv`, `pdf`."""
    return f"{search(entity_code)}/storico/730-{year}.{ending}"


def cart(entity_code: str, action: str | None = None) -> str:
    """Riepilogo carrello, or one of its actions: aggiungi, rimuovi, pulisci, paga."""
    address = f"{search(entity_code)}/carrello"
    return address if action is None else f"{address}/{action}"


def practice_place(practice_id: UUID) -> str:
    """Where a practice is acted on, in a list or on its own page."""
    return f"pratica-{practice_id}"


def cart_place(practice_id: UUID) -> str:
    """Rimuovi of a practice in the cart."""
    return f"rimuovi-{practice_id}"


def student_place(beneficiary_id: UUID) -> str:
    """Dimentica of a student on the privacy page."""
    return f"dimentica-{beneficiary_id}"


def session_place(session_id: UUID) -> str:
    """Termina of a session."""
    return f"termina-{session_id}"


def purpose_place(purpose: str) -> str:
    """Concedi or Revoca of a purpose on the privacy page."""
    return f"scelta-{purpose}"


def language_place(code: str) -> str:
    """The link to a language in the header."""
    return f"lingua-{code}"


def outcome(entity_code: str, checkout_id: UUID | str) -> str:
    """The page a payment comes back to."""
    return f"{search(entity_code)}/esito/{checkout_id}"


def cart_receipt_pdf(entity_code: str, checkout_id: UUID) -> str:
    """One receipt for everything paid by a checkout."""
    return f"{outcome(entity_code, checkout_id)}/quietanza.pdf"


def login(
    entity_code: str | None = None, return_to: str | None = None, idp: str | None = None, *, fresh: bool = False
) -> str:
    """Entra con SPID: the choice of the identity provider, or straight to one. `fresh`: nobody is let in unasked."""
    params = {"entity": entity_code, "fresh": "si" if fresh else None, "return_to": return_to, "idp": idp}
    return _with_params(LOGIN, {name: value for name, value in params.items() if value})


def registration(return_to: str) -> str:
    """Registration at the first visit, then on to `return_to`."""
    return _with_params(REGISTRATION, {"return_to": return_to})


def language(code: str, return_to: str) -> str:
    """The same page in another language."""
    return _with_params(f"/lingua/{code}", {"return_to": return_to})


def announcing(address: str, announcement: str, place: str = "") -> str:
    """The same address, telling there what was done (gateway/web/announcements.py).

    `place`: the id of what has the keyboard's focus there, so that nobody begins again at the top of the page.
    """
    path, _, query = address.partition("?")
    params = {name: value for name, value in parse_qsl(query) if name != ANNOUNCEMENT_PARAM}
    return at_place(_with_params(path, params | {ANNOUNCEMENT_PARAM: announcement}), place)


def at_place(address: str, place: str) -> str:
    """The same address with the keyboard's focus at the element of this id; browsers do so without a script."""
    return f"{address}#{place}" if place else address


def safe_return(text: str | None, default: str) -> str:
    """Return a path of ours as sent by a browser, or `default` for anything that could lead elsewhere."""
    path = text or ""
    leads_elsewhere = not path.startswith("/") or path.startswith("//") or "\\" in path
    return default if leads_elsewhere or not path.isprintable() or not path.isascii() else path


def _with_params(address: str, params: dict[str, str]) -> str:
    return f"{address}?{urlencode(params)}" if params else address
