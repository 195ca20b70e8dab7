"""GPD-for-ACA over HTTP: one position a call (pagopa-obligations.md section 1.2)."""

import json
import math
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import falcon

from sandbox.pagopa.aca.positions import Positions, shown, shown_option
from sandbox.pagopa.aca.rules import Refusal, data_refused, read_moment
from sandbox.pagopa.registry import Registry
from sandbox.pagopa.rome import ROME
from sandbox.pagopa.switches import TIME_OUT, Api, Switches

BASE: Final = "/aca/debt-positions-service/v1/organizations/{cf}"
_PAGE_MAX: Final = 50
_WINDOW: Final = timedelta(days=30)
_WINDOW_MAX: Final = timedelta(days=31)
_NEVER_S: Final = 60.0


class Gate:
    """What every call passes: the key, the limit, the switches, whether the creditor is the key's."""

    def __init__(self, api: Api, switches: Switches, registry: Registry, key: str | None) -> None:
        self._api = api
        self._switches = switches
        self._registry = registry
        self._key = key

    def pass_through(self, req: falcon.Request, cf: str) -> None:
        """Raise what a call is answered without being looked at."""
        called = self._switches.called(self._api)
        if called.status == 429:
            text = f"Rate limit is exceeded. Try again in {called.retry_after_s} seconds."
            raise falcon.HTTPTooManyRequests(title=text, retry_after=called.retry_after_s)
        if called.status == TIME_OUT:
            time.sleep(_NEVER_S)
        if called.status is not None:
            raise Refusal(called.status or 500, "switched")
        if self._key and req.get_header("Ocp-Apim-Subscription-Key") != self._key:
            raise Refusal(401, "Access denied due to invalid subscription key")
        if not self._registry.knows(cf):
            raise Refusal(403, "The payment position is forbidden", "the organization is not linked to the key")


def show_refusal(_req: falcon.Request, resp: falcon.Response, refusal: Refusal, _params: Any) -> None:
    """Write ProblemJson."""
    resp.status = refusal.status
    resp.content_type = falcon.MEDIA_JSON
    resp.text = json.dumps({"title": refusal.title, "status": refusal.status, "detail": refusal.detail})


class DebtPositions:
    """…/debtpositions."""

    def __init__(self, positions: Positions, gate: Gate, switches: Switches) -> None:
        self._positions = positions
        self._gate = gate
        self._switches = switches

    def on_post(self, req: falcon.Request, resp: falcon.Response, cf: str) -> None:
        """Take a position, and answer it as it was sent."""
        self._gate.pass_through(req, cf)
        stored = self._positions.create(cf, read_json(req), publish=_is_true(req, "toPublish"))
        resp.status = falcon.HTTP_201
        resp.media = stored.model

    def on_get(self, req: falcon.Request, resp: falcon.Response, cf: str) -> None:
        """List positions by due date."""
        self._gate.pass_through(req, cf)
        limit = req.get_param_as_int("limit", default=10)
        page = req.get_param_as_int("page", default=0)
        if not 1 <= limit <= _PAGE_MAX or page < 0:
            raise data_refused("limit and page")
        due_from, due_to = self._window(req)
        found, count = self._positions.listed(cf, due_from, due_to, page, limit)
        resp.media = {
            "payment_position_list": [shown(one) for one in found],
            "page_info": {
                "page": page,
                "limit": limit,
                "items_found": len(found),
                "total_pages": math.ceil(count / limit),
            },
        }

    def _window(self, req: falcon.Request) -> tuple[str, str]:
        """Return from when to when is asked; without dates the last thirty days."""
        first, last = req.get_param("due_date_from"), req.get_param("due_date_to")
        today = self._switches.now().astimezone(ROME).date()
        try:
            day_to = date.fromisoformat(last) if last else today
            day_from = date.fromisoformat(first) if first else day_to - _WINDOW
        except ValueError:
            raise Refusal(400, "The debt positions cannot be recovered", "dates") from None
        if not timedelta() <= day_to - day_from < _WINDOW_MAX:
            raise Refusal(400, "The debt positions cannot be recovered", "the range is too long")
        return _midnight(day_from), _midnight(day_to + timedelta(days=1))


class DebtPosition:
    """…/debtpositions/{iupd}."""

    def __init__(self, positions: Positions, gate: Gate) -> None:
        self._positions = positions
        self._gate = gate

    def on_get(self, req: falcon.Request, resp: falcon.Response, cf: str, iupd: str) -> None:
        """Show a position."""
        self._gate.pass_through(req, cf)
        resp.media = shown(self._positions.one(cf, iupd))

    def on_put(self, req: falcon.Request, resp: falcon.Response, cf: str, iupd: str) -> None:
        """Replace it."""
        self._gate.pass_through(req, cf)
        resp.media = self._positions.replace(cf, iupd, read_json(req), publish=_is_true(req, "toPublish")).model

    def on_delete(self, req: falcon.Request, resp: falcon.Response, cf: str, iupd: str) -> None:
        """Take it away."""
        self._gate.pass_through(req, cf)
        self._positions.delete(cf, iupd)
        resp.media = "Position deleted"


class Step:
    """…/debtpositions/{iupd}/publish and …/invalidate."""

    def __init__(self, positions: Positions, gate: Gate) -> None:
        self._positions = positions
        self._gate = gate

    def on_post_publish(self, req: falcon.Request, resp: falcon.Response, cf: str, iupd: str) -> None:
        """Make it payable."""
        self._gate.pass_through(req, cf)
        resp.media = self._positions.publish(cf, iupd).model

    def on_post_invalidate(self, req: falcon.Request, resp: falcon.Response, cf: str, iupd: str) -> None:
        """Withdraw it for ever."""
        self._gate.pass_through(req, cf)
        resp.media = self._positions.invalidate(cf, iupd).model


class PaidElsewhere:
    """…/paymentoptions/paids/{nav}."""

    def __init__(self, positions: Positions, gate: Gate) -> None:
        self._positions = positions
        self._gate = gate

    def on_post(self, req: falcon.Request, resp: falcon.Response, cf: str, nav: str) -> None:
        """Note that a notice was paid by other channels."""
        self._gate.pass_through(req, cf)
        body = read_json(req)
        paid_at = body.get("paymentDate") if isinstance(body, dict) else None
        if read_moment(paid_at) is None:
            raise data_refused("paymentDate")
        resp.media = {**shown_option(self._positions.close(cf, nav, str(paid_at))), "serviceType": "ACA"}


def add_routes(app: falcon.App[Any, Any], positions: Positions, gate: Gate, switches: Switches) -> None:
    """Register the addresses."""
    step = Step(positions, gate)
    app.add_route(f"{BASE}/debtpositions", DebtPositions(positions, gate, switches))
    app.add_route(f"{BASE}/debtpositions/{{iupd}}", DebtPosition(positions, gate))
    app.add_route(f"{BASE}/debtpositions/{{iupd}}/publish", step, suffix="publish")
    app.add_route(f"{BASE}/debtpositions/{{iupd}}/invalidate", step, suffix="invalidate")
    app.add_route(f"{BASE}/paymentoptions/paids/{{nav}}", PaidElsewhere(positions, gate))
    app.add_error_handler(Refusal, show_refusal)


def read_json(req: falcon.Request) -> Any:
    """Read the body. Raises Refusal."""
    try:
        return json.loads(req.bounded_stream.read())
    except ValueError:
        raise data_refused("not JSON") from None


def _is_true(req: falcon.Request, name: str) -> bool:
    return (req.get_param(name) or "false").lower() == "true"


def _midnight(day: date) -> str:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
