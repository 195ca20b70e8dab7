"""Where each resource stands, and how the API is put into the application."""

from collections.abc import Mapping
from typing import Final

import falcon

from contracts.call import Rpc
from gateway.api.docs import DocsPage, DocsStyle
from gateway.api.document import OpenApiResource, build
from gateway.api.keys import ApiKeys
from gateway.api.operation import ApiContext, Resource
from gateway.api.resources import cart, catalogue, citizen, debts, practices, print_jobs, reconciliation, settlement
from gateway.edge.rates import RateLimiter
from gateway.settings import Settings

PREFIX: Final = "/api/v1"

ROUTES: Final[Mapping[str, type[Resource]]] = {
    "/creditors/{entity}": catalogue.CreditorResource,
    "/creditors/{entity}/services": catalogue.ServicesResource,
    "/creditors/{entity}/searches": practices.SearchesResource,
    "/creditors/{entity}/practices": practices.PracticesResource,
    "/practices/{practice_id:uuid}": practices.PracticeResource,
    "/practices/{practice_id:uuid}/notice": practices.NoticeResource,
    "/practices/{practice_id:uuid}/receipt": practices.ReceiptResource,
    "/practices/{practice_id:uuid}/stamp": practices.StampResource,
    "/cart": cart.CartResource,
    "/cart/items": cart.CartItemsResource,
    "/cart/items/{practice_id:uuid}": cart.CartItemResource,
    "/checkouts": cart.CheckoutsResource,
    "/checkouts/{checkout_id:uuid}": cart.CheckoutResource,
    "/me": citizen.MeResource,
    "/me/consents": citizen.ConsentsResource,
    "/me/consents/{purpose}": citizen.ConsentResource,
    "/me/export": citizen.ExportResource,
    "/creditors/{entity}/debts/{external_id}": debts.DebtResource,
    "/creditors/{entity}/imports": debts.ImportsResource,
    "/creditors/{entity}/imports/{import_id:uuid}": debts.ImportResource,
    "/creditors/{entity}/print-jobs": print_jobs.PrintJobsResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}": print_jobs.PrintJobResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}/archive": print_jobs.PrintArchiveResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}/merged": print_jobs.PrintMergedResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}/refusals": print_jobs.PrintRefusalsResource,
    "/creditors/{entity}/payments": reconciliation.PaymentsResource,
    "/creditors/{entity}/settlements": settlement.SettlementsResource,
    "/creditors/{entity}/settlements/{flow_id}": settlement.SettlementResource,
    "/creditors/{entity}/settlement-worklist": settlement.WorklistResource,
    "/creditors/{entity}/bank-credits/{reference}": settlement.BankCreditResource,
    "/creditors/{entity}/reconciliations/{day}": settlement.DayReportResource,
    "/creditors/{entity}/reconciliations/{day}/report.pdf": settlement.DayReportPdfResource,
    "/events": reconciliation.EventsResource,
}


def add_routes(app: falcon.App[falcon.Request, falcon.Response], settings: Settings, rpc: Rpc) -> None:  # noqa: ARG001 -- each visit holds it
    """Register the API, its OpenAPI document and the page that shows it."""
    context = ApiContext(settings, ApiKeys.load(settings.api_keys_file), RateLimiter(settings))
    resources = {path: resource(context) for path, resource in ROUTES.items()}
    for path, resource in resources.items():
        if hasattr(resource, "on_get"):
            resource.on_head = resource.on_get  # type: ignore[attr-defined]  # -- Falcon does not derive HEAD
        app.add_route(PREFIX + path, resource)
    document = build({PREFIX + path: resource for path, resource in resources.items()}, settings)
    app.add_route(f"{PREFIX}/openapi.json", OpenApiResource(document))
    app.add_route("/api/docs", DocsPage(document))
    app.add_route("/api/docs/style.css", DocsStyle())
