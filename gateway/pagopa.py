"""The node's doors: SOAP in, `payments` answers, SOAP out (pagopa.md section 3); payment options as JSON."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

import falcon
import orjson

from contracts.calendar import ROME
from contracts.call import Rpc
from contracts.errors import RpcError
from contracts.rpc import payments
from gateway.edge.addresses import is_within, sender_address
from gateway.edge.client_certificates import client_certificate
from gateway.settings import Settings
from gateway.soap_text import read_envelope

PATH: Final = "/pagopa/pa-for-node"
OPTIONS_PATH: Final = "/pagopa/payment-options/organizations/{organization_fiscal_code}/notices/{notice_number}"
_SOAP_CONTENT_TYPE: Final = "text/xml; charset=utf-8"
_FOLDER: Final = Path(__file__).with_name("wsdl")
_DESCRIPTIONS: Final = {"wsdl": _FOLDER / "pa_for_node.wsdl", "xsd": _FOLDER / "pa_for_node.xsd"}


class _Door:
    """What stands before both doors: the node's networks only, and its certificate where one is named."""

    def __init__(self, settings: Settings, rpc: Rpc) -> None:
        self._settings = settings
        self._rpc = rpc

    def _check_address(self, req: falcon.Request) -> None:
        address = sender_address(req, self._settings.trusted_proxies)
        if not is_within(address, self._settings.node_allowed_networks):
            raise falcon.HTTPForbidden

    def _check_certificate(self, req: falcon.Request) -> None:
        """Where certificates are named, the TLS in front of us must have ended with one of them."""
        allowed = self._settings.node_client_certificates
        if allowed and client_certificate(req, self._settings.trusted_proxies) not in allowed:
            raise falcon.HTTPForbidden


class NodeEndpoint(_Door):
    """All paForNode primitives at one address, for the node's networks only."""

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
        envelope = read_envelope(req)
        soap_action = (req.get_header("SOAPAction") or "").strip('"')
        request = payments.NodeRequest(soap_action=soap_action, envelope=envelope)
        reply = self._rpc.call(payments.PA_FOR_NODE, request, correlation_id=req.context.correlation_id)
        resp.status = HTTPStatus(reply.status)
        resp.content_type = _SOAP_CONTENT_TYPE
        resp.data = reply.envelope.encode("utf-8")


class PaymentOptionsEndpoint(_Door):
    """By which options a notice can be paid. SANP says GET, the OpenAPI and pagoPA's proxy POST without a body."""

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, organization_fiscal_code: str, notice_number: str
    ) -> None:
        """Answer with the options, or an error as pagoPA knows it."""
        self._check_address(req)
        self._check_certificate(req)
        request = payments.PaymentOptionsRequest(
            organization_fiscal_code=organization_fiscal_code, notice_number=notice_number
        )
        try:
            reply = self._rpc.call(payments.PAYMENT_OPTIONS, request, correlation_id=req.context.correlation_id)
        except RpcError:
            reply = _out_of_reach(datetime.now(UTC))
        resp.status = HTTPStatus(reply.status)
        resp.content_type = falcon.MEDIA_JSON
        resp.data = orjson.dumps(dict(reply.body))

    on_post = on_get


def _out_of_reach(now: datetime) -> payments.PaymentOptionsReply:
    """Return the error that pagoPA's proxy hands on; a body that is no JSON would be an alarm of its own there."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    body = {
        "httpStatusCode": int(status),
        "httpStatusDescription": status.phrase,
        "errorMessage": "Errore generico",
        "appErrorCode": "ODP-103",
        "timestamp": int(now.timestamp()),
        "dateTime": now.astimezone(ROME).replace(tzinfo=None).isoformat(timespec="microseconds"),
    }
    return payments.PaymentOptionsReply(status=status, body=body)


def add_routes(app: falcon.App[falcon.Request, falcon.Response], settings: Settings, rpc: Rpc) -> None:
    """Register the node's addresses."""
    app.add_route(PATH, NodeEndpoint(settings, rpc))
    app.add_route(OPTIONS_PATH, PaymentOptionsEndpoint(settings, rpc))
