"""The archive of notices for people and for programs: what stands in it, and the switches around it.

GET  /sandbox/archive              -> {"count", "positions"}
POST /sandbox/archive/pay          {"creditor_fiscal_code", "notice_number", "outcome"} -> {"receipt_ids"}
                                    or 409 {"fault"}
GET  /sandbox/switches             -> {"calls", "too_fast", "station_down"}
POST /sandbox/switches             {"station_down_s", "ahead_s", "limits": {"aca": [300, 10]},
                                    "answer": {"api": "aca", "status": 500, "calls": 3}}   each of them optional
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import falcon

from sandbox.pagopa.aca.positions import Positions, Stored, shown
from sandbox.pagopa.forms import read_form
from sandbox.pagopa.node_client import StationFault
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.payments import Outcome, Payer, Payments
from sandbox.pagopa.registry import Registry, find_psp
from sandbox.pagopa.store import Store
from sandbox.pagopa.switches import Api, Switches

_SHOWN: Final = 100
_LISTED: Final = 10_000
_OFF_S: Final = 600.0
_STATES: Final = {
    "DRAFT": "Ritirata",
    "PUBLISHED": "Pubblicata",
    "VALID": "Pagabile",
    "EXPIRED": "Scaduta",
    "INVALID": "Annullata",
    "PARTIALLY_PAID": "Pagata in parte",
    "PAID": "Pagata",
    "REPORTED": "Rendicontata",
}


@dataclass(frozen=True)
class Archive:
    """What the pages of the archive need."""

    pages: Pages
    positions: Positions
    payments: Payments
    registry: Registry
    store: Store
    switches: Switches

    def pay(self, cf: str, number: str, outcome: Outcome) -> list[str]:
        """Pay a notice by stand-in; return the ids of its receipts. Raises StationFault."""
        creditor = self.registry.creditor(cf)
        return self.payments.pay_by_stand_in(creditor, number, Payer(find_psp("banca")), outcome)


class ArchivePage:
    """The archive for people: a list, and buttons."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show what stands in it, the newest first."""
        self._show(resp, req.get_param("done", default=""), None)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Press a button."""
        form, archive = read_form(req), self._archive
        match form.get("do"):
            case "off":
                archive.switches.turn_station_off(_OFF_S)
            case "on":
                archive.switches.turn_station_off(0)
            case "lose":
                archive.store.lose(int(form.get("receipt") or 0))
            case "pay" | "pay_and_lose":
                outcome = Outcome.LOST if form["do"] == "pay_and_lose" else Outcome.PAID
                try:
                    archive.pay(form.get("ente", ""), form.get("avviso", ""), outcome)
                except StationFault as fault:
                    self._show(resp, "", fault)
                    return
            case _:
                raise falcon.HTTPBadRequest(title="unknown button")
        resp.status = HTTPStatus.SEE_OTHER
        resp.location = f"/archive?done={form['do']}"

    def _show(self, resp: falcon.Response, done: str, fault: StationFault | None) -> None:
        archive = self._archive
        archive.pages.show(
            resp,
            "archive.html",
            positions=archive.positions.all(_SHOWN),
            count=archive.positions.count(),
            states=_STATES,
            receipts=[one for one in archive.store.receipts(_SHOWN) if one.state != "acknowledged"],
            calls=archive.switches.counts,
            too_fast=archive.switches.refused,
            is_station_down=archive.switches.is_station_down,
            down_until=archive.switches.station_down_until,
            done=done,
            fault=fault,
        )


class Listed:
    """GET /sandbox/archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List everything, with what only the archive knows."""
        del req
        positions = self._archive.positions
        resp.media = {"count": positions.count(), "positions": [_whole(one) for one in positions.all(_LISTED)]}


class Pay:
    """POST /sandbox/archive/pay."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Pay a notice by stand-in, whatever the station says."""
        wanted = req.get_media()
        outcome = Outcome(wanted.get("outcome", Outcome.PAID))
        try:
            resp.media = {
                "receipt_ids": self._archive.pay(wanted["creditor_fiscal_code"], wanted["notice_number"], outcome)
            }
        except StationFault as fault:
            resp.status = HTTPStatus.CONFLICT
            resp.media = {"fault": fault.code, "description": fault.description}


class SwitchBoard:
    """The switches for programs."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say how often each service was called."""
        del req
        resp.media = {
            "calls": dict(self._switches.counts),
            "too_fast": dict(self._switches.refused),
            "station_down": self._switches.is_station_down,
        }

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set some of them."""
        wanted: dict[str, Any] = req.get_media()
        if "station_down_s" in wanted:
            self._switches.turn_station_off(float(wanted["station_down_s"]))
        if "ahead_s" in wanted:
            self._switches.ahead = timedelta(seconds=float(wanted["ahead_s"]))
        for api, (limit, window_s) in wanted.get("limits", {}).items():
            self._switches.limits[Api(api)] = (int(limit), float(window_s))
        if answer := wanted.get("answer"):
            self._switches.answer_next(Api(answer["api"]), int(answer["status"]), int(answer["calls"]))
        resp.status = HTTPStatus.NO_CONTENT


def add_routes(app: falcon.App[Any, Any], archive: Archive) -> None:
    """Register the addresses."""
    app.add_route("/archive", ArchivePage(archive))
    app.add_route("/sandbox/archive", Listed(archive))
    app.add_route("/sandbox/archive/pay", Pay(archive))
    app.add_route("/sandbox/switches", SwitchBoard(archive.switches))


def _whole(stored: Stored) -> dict[str, Any]:
    """Return a position with what the answers to creditors leave out, but for the debtor."""
    told = {name: stored.model.get(name) for name in ("payStandIn", "switchToExpired")}
    return {**shown(stored), **told}
