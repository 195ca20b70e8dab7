"""What every page resource has."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

import falcon

from contracts.codes import JOINERS
from contracts.errors import ErrorCode, Refused
from gateway.browser_memory import CSRF_FIELD
from gateway.edge.bodies import read_form
from gateway.edge.documents import read_document_form
from gateway.edge.same_origin import check_same_origin, is_same_origin
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.site import Site

Form = Mapping[str, str]

_KEY: Final = re.compile(r"[0-9a-f-]{36}")


class Page:
    """A resource of the pages, on the site's shared parts."""

    def __init__(self, site: Site) -> None:
        self.site = site


def checked_form(req: falcon.Request) -> Form:
    """Read the form of a POST that one of our pages made.

    Raises Refused(CSRF_FAILED or INVALID_REQUEST), falcon.HTTPContentTooLarge.
    """
    return checked(req, read_form(req))


def document_form(req: falcon.Request) -> tuple[Form, bool]:
    """Read the form of a POST that may have a document in it, of which the form gets `document_hash`.

    Return also whether it is stale: a page of ours made it, the browser says, but before a login or a logout; then it
    is to be shown again and nothing to be done. Raises as `checked_form` does.
    """
    return checked_or_stale(req, read_document_form(req))


def checked_or_stale(req: falcon.Request, form: Form) -> tuple[Form, bool]:
    """Return a form that was read, and whether it is stale: a page of ours made it, but before a login or a logout.

    Raises Refused(CSRF_FAILED) for what no page of ours made, as far as the browser tells.
    """
    try:
        return checked(req, form), False
    except Refused:
        if not is_same_origin(req, visit_of(req).public_url):
            raise
        return form, True


def checked(req: falcon.Request, form: Form) -> Form:
    """Return a form that was read, where one of our pages made it for this browser. Raises Refused(CSRF_FAILED)."""
    visit = visit_of(req)
    check_same_origin(req, visit.public_url)
    visit.browser.check_csrf(form.get(CSRF_FIELD))
    return form


def cleaned(form: Form, name: str) -> str:
    """Return a field as typed, without unprintable characters or needless space; empty when absent."""
    text = "".join(char if char.isprintable() or char in JOINERS else " " for char in form.get(name, ""))
    return " ".join(text.split())


def form_key(form: Form) -> str:
    """Return the idempotency key that the page put into its form; a new one where there is none."""
    key = form.get("key", "")
    return key if _KEY.fullmatch(key) else str(uuid4())


def form_id(text: str | None) -> UUID:
    """Read an id out of a form. Raises Refused(INVALID_REQUEST)."""
    try:
        return UUID(text or "")
    except ValueError:
        raise Refused(ErrorCode.INVALID_REQUEST) from None


def next_place(form: Form, place_of: Callable[[UUID], str]) -> str:
    """Return the place of the row that takes the place of the one taken out, as the form names it; else the page."""
    try:
        return place_of(UUID(form.get("next_id", "")))
    except ValueError:
        return addresses.MAIN_PLACE


def see_other(resp: falcon.Response, address: str) -> None:
    """Send the browser on by GET, so that reloading repeats nothing."""
    resp.status = HTTPStatus.SEE_OTHER
    resp.location = address
