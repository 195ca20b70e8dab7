"""The node's SOAP door: bytes in, `payments` answers, bytes out (specification pagopa.md section 3)."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

import falcon

from contracts.call import Rpc
from contracts.errors import ErrorCode, Refused
from contracts.rpc import payments
from gateway.edge.addresses import client_address, is_within
from gateway.edge.bodies import read_body
from gateway.edge.client_certificates import client_certificate
from gateway.settings import Settings

PATH: Final = "/pagopa/pa-for-node"
ENVELOPE_MAX_BYTES: Final = 512 * 1024
_SOAP_CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_FOLDER: Final = Path(__file__).with_name("wsdl")
_DESCRIPTIONS: Final = {"wsdl": _FOLDER / "pa_for_node.wsdl", "xsd": _FOLDER / "pa_for_node.xsd"}


class NodeEndpoint:
    """All paForNode primitives at one address, for the node's networks only."""

    def __init__(self, settings: Settings, rpc: Rpc) -> None:
        self._settings = settings
        self._rpc = rpc

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Describe the door: `?wsdl`, and the schema it speaks of: `?xsd`."""
        file = next((_DESCRIPTIONS[name] for name in _DESCRIPTIONS if name in req.params), None)
        if file is None:
            raise falcon.HTTPNotFound
        self._check_address(req)
        resp.content_type = _SOAP_CONTENT_TYPE
        resp.text = file.read_text("utf-8").replace("{address}", f"{self._settings.public_url}{PATH}")

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Hand the envelope over; a failure behind us is an HTTP 5xx, which makes the node try again."""
        self._check_address(req)
        self._check_certificate(req)
        envelope = _decode(read_body(req, ENVELOPE_MAX_BYTES))
        soap_action = (req.get_header("SOAPAction") or "").strip('"')
        request = payments.NodeRequest(soap_action=soap_action, envelope=envelope)
        reply = self._rpc.call(payments.PA_FOR_NODE, request, correlation_id=req.context.correlation_id)
        resp.status = HTTPStatus(reply.status)
        resp.content_type = _SOAP_CONTENT_TYPE
        resp.data = reply.envelope.encode("utf-8")

    def _check_address(self, req: falcon.Request) -> None:
        address = client_address(req, self._settings.trusted_proxies)
        if not is_within(address, self._settings.node_allowed_networks):
            raise falcon.HTTPForbidden

    def _check_certificate(self, req: falcon.Request) -> None:
        """Where certificates are named, the TLS in front of us must have ended with one of them."""
        allowed = self._settings.node_client_certificates
        if allowed and client_certificate(req, self._settings.trusted_proxies) not in allowed:
            raise falcon.HTTPForbidden


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(ErrorCode.INVALID_REQUEST) from None


def add_routes(app: falcon.App[falcon.Request, falcon.Response], settings: Settings, rpc: Rpc) -> None:
    """Register the node's address."""
    app.add_route(PATH, NodeEndpoint(settings, rpc))
