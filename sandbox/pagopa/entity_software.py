"""The software of an entity that is asked what is to be paid (docs/amounts-asked.md), with the switches around it.

POST /gestionale/importo           the question, signed -> {"amount_cents"}; 401 where the signature is not ours
GET  /sandbox/software             -> {"mode", "amount_cents", "amounts", "asked"}
POST /sandbox/software             {"mode": "normal", "amount_cents": 15000, "amounts": {"reference": 100}}
                                   each of them optional
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import falcon

from sandbox.pagopa.forms import read_form
from sandbox.pagopa.pages import Pages

_SLOW_S: Final = 4.0
_USUAL_CENTS: Final = 15_000
_APART_S: Final = 300
_FIELDS: Final = {"entity_code", "service_code", "external_id", "notice_number", "iuv", "at"}


class Mode(StrEnum):
    """How it answers."""

    NORMAL = "normal"
    SLOW = "slow"
    ERROR = "error"
    UNKNOWN = "unknown"
    NOTHING_DUE = "nothing_due"


@dataclass
class Software:
    """What it says: `amounts` by the entity's reference, `amount_cents` of every other debt."""

    secret: str | None
    mode: Mode = Mode.NORMAL
    amount_cents: int = _USUAL_CENTS
    amounts: dict[str, int] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        """Start with nothing asked."""
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count a question."""
        with self._lock:
            self.asked += 1

    def knows(self, req: falcon.Request, body: bytes) -> bool:
        """Return whether a question is signed as Standard Webhooks has it, with our secret, and not long ago."""
        sent_at = req.get_header("webhook-timestamp", default="")
        if self.secret is None or not sent_at.isdigit() or abs(time.time() - int(sent_at)) > _APART_S:
            return self.secret is None
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{req.get_header('webhook-id')}.{sent_at}.".encode() + body
        right = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        found = (req.get_header("webhook-signature") or "").split()
        return any(hmac.compare_digest(one, right) for one in found)


class Question:
    """POST /gestionale/importo."""

    def __init__(self, software: Software) -> None:
        self._software = software

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say what is to be paid, as the switches have it."""
        software, body = self._software, req.bounded_stream.read()
        if not software.knows(req, body):
            raise falcon.HTTPUnauthorized(title="the signature does not fit")
        asked = json.loads(body)
        if set(asked) != _FIELDS:
            raise falcon.HTTPBadRequest(title="another question than agreed")
        software.count()
        match software.mode:
            case Mode.ERROR:
                raise falcon.HTTPInternalServerError(title="out of order")
            case Mode.UNKNOWN:
                raise falcon.HTTPNotFound(title="no such debt")
            case Mode.SLOW:
                time.sleep(_SLOW_S)
        cents = software.amounts.get(asked["external_id"], software.amount_cents)
        resp.media = {"amount_cents": 0 if software.mode is Mode.NOTHING_DUE else cents}


class SoftwarePage:
    """GET and POST /gestionale: the switches for people."""

    def __init__(self, pages: Pages, software: Software) -> None:
        self._pages = pages
        self._software = software

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Show how it answers."""
        self._pages.show(resp, "software.html", software=self._software, modes=list(Mode))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Let it answer otherwise."""
        form = read_form(req)
        euro = form.get("importo", "").replace(".", "").replace(",", ".").strip()
        try:
            cents = round(float(euro) * 100) if euro else self._software.amount_cents
            mode = Mode(form.get("mode", Mode.NORMAL))
        except ValueError:
            raise falcon.HTTPBadRequest(title="not an amount, or an unknown button") from None
        self._software.amount_cents, self._software.mode = max(1, cents), mode
        resp.status = HTTPStatus.SEE_OTHER
        resp.location = "/gestionale"


class SoftwareSwitches:
    """GET and POST /sandbox/software: the same for programs."""

    def __init__(self, software: Software) -> None:
        self._software = software

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Say how it answers, and how often it was asked."""
        one = self._software
        resp.media = {
            "mode": one.mode,
            "amount_cents": one.amount_cents,
            "amounts": one.amounts,
            "asked": one.asked,
        }

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set some of them."""
        wanted: dict[str, Any] = req.get_media()
        self._software.mode = Mode(wanted.get("mode", self._software.mode))
        self._software.amount_cents = int(wanted.get("amount_cents", self._software.amount_cents))
        self._software.amounts |= {str(name): int(cents) for name, cents in wanted.get("amounts", {}).items()}
        resp.status = HTTPStatus.NO_CONTENT


def add_routes(app: falcon.App[Any, Any], pages: Pages, software: Software) -> None:
    """Register the addresses."""
    app.add_route("/gestionale", SoftwarePage(pages, software))
    app.add_route("/gestionale/importo", Question(software))
    app.add_route("/sandbox/software", SoftwareSwitches(software))
