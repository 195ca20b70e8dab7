"""Where each resource stands, and how the API is put into the application."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import falcon

from gateway.api.asyncapi import AsyncApiResource
from gateway.api.asyncapi import build as build_asyncapi
from gateway.api.docs import DocsPage, DocsStyle, EventsPage
from gateway.api.document import OpenApiResource, build
from gateway.api.keys import ApiKeys
from gateway.api.operation import ApiContext, Resource
from gateway.api.resources import (
    cart,
    catalogue,
    citizen,
    dead_letters,
    debts,
    money_cases,
    pay_links,
    practices,
    print_jobs,
    reconciliation,
    settlement,
    status,
    webhooks,
)
from gateway.document_cache import PublicNotices
from gateway.edge.rates import RateLimiter
from gateway.settings import Settings

PREFIX: Final = "/api/v1"
ASYNCAPI_PATH: Final = "/api/asyncapi.json"

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
    "/creditors/{entity}/debts": debts.DebtsResource,
    "/creditors/{entity}/debts.csv": debts.DebtsFileResource,
    "/creditors/{entity}/debts/{external_id}": debts.DebtResource,
    "/creditors/{entity}/debts/{external_id}/pay-links": pay_links.PayLinksResource,
    "/creditors/{entity}/debts/{external_id}/pay-links/{link_id:uuid}": pay_links.PayLinkResource,
    "/creditors/{entity}/imports": debts.ImportsResource,
    "/creditors/{entity}/imports/{import_id:uuid}": debts.ImportResource,
    "/creditors/{entity}/imports/{import_id:uuid}/application": debts.ImportApplicationResource,
    "/creditors/{entity}/imports/{import_id:uuid}/refused.csv": debts.ImportRefusedResource,
    "/creditors/{entity}/print-jobs": print_jobs.PrintJobsResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}": print_jobs.PrintJobResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}/archive": print_jobs.PrintArchiveResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}/merged": print_jobs.PrintMergedResource,
    "/creditors/{entity}/print-jobs/{job_id:uuid}/refusals": print_jobs.PrintRefusalsResource,
    "/creditors/{entity}/payments": reconciliation.PaymentsResource,
    "/creditors/{entity}/payments.csv": reconciliation.PaymentsFileResource,
    "/creditors/{entity}/settlements": settlement.SettlementsResource,
    "/creditors/{entity}/settlements/{flow_id}": settlement.SettlementResource,
    "/creditors/{entity}/settlement-worklist": settlement.WorklistResource,
    "/creditors/{entity}/receipts": reconciliation.ReceiptsResource,
    "/creditors/{entity}/bank-credits": settlement.BankCreditsResource,
    "/creditors/{entity}/bank-credits/{reference}": settlement.BankCreditResource,
    "/creditors/{entity}/reconciliations/{day}": settlement.DayReportResource,
    "/creditors/{entity}/reconciliations/{day}/report.pdf": settlement.DayReportPdfResource,
    "/creditors/{entity}/money-cases": money_cases.MoneyCasesResource,
    "/creditors/{entity}/money-cases/{case_id:uuid}": money_cases.MoneyCaseResource,
    "/creditors/{entity}/money-cases/{case_id:uuid}/steps": money_cases.MoneyCaseStepsResource,
    "/creditors/{entity}/refund-exports": money_cases.RefundExportsResource,
    "/creditors/{entity}/refund-exports/{export_id:uuid}/refunds.csv": money_cases.RefundTableResource,
    "/creditors/{entity}/refund-exports/{export_id:uuid}/pain.001.xml": money_cases.RefundTransferResource,
    "/creditors/{entity}/refund-exports/{export_id:uuid}/payment": money_cases.RefundPaymentResource,
    "/events": reconciliation.EventsResource,
    "/creditors/{entity}/webhooks": webhooks.WebhooksResource,
    "/creditors/{entity}/webhooks/{webhook_id:uuid}": webhooks.WebhookResource,
    "/creditors/{entity}/webhooks/{webhook_id:uuid}/secret": webhooks.WebhookSecretResource,
    "/creditors/{entity}/webhooks/{webhook_id:uuid}/tests": webhooks.WebhookTestsResource,
    "/creditors/{entity}/webhooks/{webhook_id:uuid}/deliveries": webhooks.WebhookDeliveriesResource,
    "/creditors/{entity}/webhooks/{webhook_id:uuid}/resends": webhooks.WebhookResendsResource,
    "/dead-letters": dead_letters.DeadLetterQueuesResource,
    "/dead-letters/{consumer}": dead_letters.DeadLettersResource,
    "/dead-letters/{consumer}/replays": dead_letters.DeadLetterReplaysResource,
    "/dead-letters/{consumer}/letters/{letter_id}": dead_letters.DeadLetterResource,
    "/status": status.StatusResource,
}


def add_routes(
    app: falcon.App[falcon.Request, falcon.Response],
    settings: Settings,
    rates: RateLimiter,
    public_notices: PublicNotices,
) -> None:
    """Register the API, its OpenAPI document and the page that shows it."""
    context = ApiContext(settings, ApiKeys.load(settings.api_keys_file), rates, public_notices)
    resources = {path: resource(context) for path, resource in ROUTES.items()}
    for path, resource in resources.items():
        if hasattr(resource, "on_get"):
            resource.on_head = resource.on_get  # type: ignore[attr-defined]  # -- Falcon does not derive HEAD
        app.add_route(PREFIX + path, resource)
    for path, page in _documentation(settings).items():
        app.add_route(path, page)


@lru_cache(maxsize=4)
def _documentation(settings: Settings) -> Mapping[str, object]:
    """Make the two documents and the pages that show them, by path.

    They are alike in every application with these settings, and take longer than all the rest of one.
    """
    document = build(ROUTES, settings, PREFIX)
    events = build_asyncapi(settings.public_url)
    return {
        f"{PREFIX}/openapi.json": OpenApiResource(document),
        ASYNCAPI_PATH: AsyncApiResource(events),
        "/api/docs": DocsPage(document),
        "/api/docs/events": EventsPage(events),
        "/api/docs/style.css": DocsStyle(),
    }
