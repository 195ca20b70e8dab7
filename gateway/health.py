"""Health of the gateway and of what it needs, and its metrics."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final

import falcon
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from contracts.call import Call, Rpc
from contracts.errors import RpcError
from contracts.rpc import cart, identity, notices, payments, practices
from contracts.shapes import Empty
from gateway.edge.addresses import client_address, is_within
from gateway.settings import Settings

_PINGS: Final[Mapping[str, Call[Empty, Empty]]] = {
    "identity": identity.PING,
    "practices": practices.PING,
    "cart": cart.PING,
    "payments": payments.PING,
    "notices": notices.PING,
}


class Live:
    """Liveness: this process answers."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer 200 without asking anybody."""
        resp.media = {"status": "live"}


class Ready:
    """Readiness: every service behind the pages answers; 503 names those that do not."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._pool = ThreadPoolExecutor(max_workers=len(_PINGS), thread_name_prefix="ready")

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ping the five services at the same time."""
        parts = dict(zip(_PINGS, self._pool.map(self._ping, _PINGS.values()), strict=True))
        ready = all(part["status"] == "up" for part in parts.values())
        resp.status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        resp.media = {"status": "ready" if ready else "not_ready", "parts": parts}

    def _ping(self, call: Call[Empty, Empty]) -> dict[str, str | float]:
        started_s = time.perf_counter()
        try:
            self._rpc.call(call, Empty())
        except RpcError as error:
            return {"status": "down", "code": error.code.value}
        return {"status": "up", "milliseconds": round((time.perf_counter() - started_s) * 1000, 1)}


class Metrics:
    """This process's metrics, for the monitoring network only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer in the Prometheus text format."""
        address = client_address(req, self._settings.trusted_proxies)
        if not is_within(address, self._settings.metrics_allowed_networks):
            raise falcon.HTTPForbidden
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = generate_latest(REGISTRY)


def add_routes(app: falcon.App[falcon.Request, falcon.Response], settings: Settings, rpc: Rpc) -> None:
    """Register health and metrics."""
    app.add_route("/status/live", Live())
    app.add_route("/status/ready", Ready(rpc))
    app.add_route("/metrics", Metrics(settings))
