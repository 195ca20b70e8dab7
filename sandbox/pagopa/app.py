"""pagoPA over HTTP (Falcon, WSGI). The receipts' senders start with the application."""

from pathlib import Path
from typing import Any, Final

import falcon

from sandbox.pagopa import (
    archive,
    biz_events,
    checkout,
    control_api,
    counter,
    demands,
    entity_software,
    options,
    settlement,
    transactions,
)
from sandbox.pagopa.aca import api, bulk
from sandbox.pagopa.aca.api import Gate
from sandbox.pagopa.aca.positions import Positions
from sandbox.pagopa.delivery import Delivery
from sandbox.pagopa.node_client import NodeClient
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.payments import Payments
from sandbox.pagopa.registry import Registry
from sandbox.pagopa.settings import Settings
from sandbox.pagopa.stand_in import StandIn
from sandbox.pagopa.store import Store
from sandbox.pagopa.switches import Api, Switches

_STATIC: Final = Path(__file__).parent / "static"


def create_app(settings: Settings) -> falcon.App[Any, Any]:
    """Make the WSGI application."""
    store, registry, pages = Store(settings.home), Registry(settings.catalogue_file), Pages()
    switches = Switches()
    positions = Positions(settings.home, switches.now)
    node = NodeClient(settings.node_url, switches)
    delivery = Delivery(store, node, settings.retry_delays_s, settings.senders, switches)
    payments = Payments(store, node, delivery, registry, settings.late_receipt_s, StandIn(positions))
    app: falcon.App[Any, Any] = falcon.App()
    app.req_options.strip_url_path_trailing_slash = True
    payment_page = checkout.PaymentPage(pages, store, payments, settings.late_receipt_s)
    app.add_route("/", transactions.Index(pages, settings.node_url))
    for version, request in (("v1", checkout.CartRequest()), ("v2", checkout.CartRequestV2())):
        app.add_route(f"/checkout/ec/{version}/carts", checkout.Carts(request, settings, store, node, registry))
    app.add_route("/ecommerce/checkout/v1/carts/{cart_id}/redirect", payment_page)
    app.add_route("/psp", counter.Counter(pages, node, payments, registry))
    app.add_route("/opzioni", options.OptionsPage(pages, node, registry))
    app.add_route("/psp/spontaneo", demands.DemandForm(pages, node, registry))
    app.add_route("/transactions", transactions.Transactions(pages, store))
    app.add_route("/transactions/{row_id:int}/send", transactions.SendNow(store, delivery))
    app.add_route("/sandbox/carts/{cart_id}/outcome", control_api.CartOutcome(store, payments))
    app.add_route("/sandbox/payments", control_api.CounterPayment(payments, registry))
    app.add_route("/sandbox/receipts", control_api.Receipts(store))
    app.add_route("/sandbox/receipts/{row_id:int}/send", control_api.ReceiptDelivery(store, delivery))
    settlement.add_routes(app, settlement.Flows(settings, store), pages)
    gates = {one: Gate(one, switches, registry, settings.subscription_key) for one in Api}
    api.add_routes(app, positions, gates[Api.ACA], switches)
    bulk.add_routes(app, bulk.Uploads(positions), gates[Api.BULK])
    biz_events.add_routes(app, biz_events.Receipts(store, gates[Api.BIZ_EVENTS], settings.biz_events_after_s))
    archive.add_routes(app, archive.Archive(pages, positions, payments, registry, store, switches))
    entity_software.add_routes(app, pages, entity_software.Software(settings.software_secret))
    app.add_static_route("/static", str(_STATIC))
    app.add_error_handler(checkout.Problem, checkout.Problem.show)
    app.add_error_handler(falcon.HTTPNotFound, pages.missing)
    delivery.start()
    return app
