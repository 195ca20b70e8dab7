"""Where the accountant's and the administrator's pages stand."""

import falcon

from gateway.office import addresses
from gateway.office.api_keys import ApiKeysPage, MakeApiKey, RevokeApiKey, RotateApiKey
from gateway.office.catalogue import CataloguePage, EntityLogo, EntityTexts, WithdrawService
from gateway.office.catalogue_service import ChangeService, NewService
from gateway.office.failures import DeadLetterPage, DeadLettersPage, DropLetter, FailuresPage, ReplayLetter
from gateway.office.settlement import (
    ReopenDay,
    SettlementDayCsv,
    SettlementDayPage,
    SettlementDayPdf,
    SettlementDaysPage,
    SettlementFlowPage,
)
from gateway.office.settlement_entry import (
    RegisterCredit,
    SettlementWorklistPage,
    UnmatchedCreditsPage,
    UploadFlow,
)
from gateway.office.statistics import StatisticRowsPage, StatisticsPage
from gateway.office.webhooks import (
    ChangeWebhook,
    DeleteWebhook,
    MakeWebhook,
    ResendDelivery,
    RotateWebhookSecret,
    TryWebhook,
    WebhookPage,
    WebhooksPage,
)
from gateway.web.routes import add
from gateway.web.site import Site

_OFFICE = f"{addresses.OFFICES}/{{entity}}"
_SETTLEMENT = f"{_OFFICE}/riconciliazione"
_DAY = f"{_SETTLEMENT}/giorni/{{day}}"
_KEYS = f"{_OFFICE}/chiavi"
_KEY = f"{_KEYS}/{{key_id:uuid}}"
_CATALOGUE = f"{_OFFICE}/catalogo"
_FAILURES = f"{_OFFICE}/fermi"
_LETTER = f"{_FAILURES}/{{consumer}}/{{letter_id}}"
_WEBHOOKS = f"{_OFFICE}/notifiche"
_WEBHOOK = f"{_WEBHOOKS}/{{webhook_id:uuid}}"


def add_routes(app: falcon.App[falcon.Request, falcon.Response], site: Site) -> None:
    """Register every page."""
    add(app, _SETTLEMENT, SettlementDaysPage(site))
    add(app, _DAY, SettlementDayPage(site))
    add(app, f"{_DAY}/riapri", ReopenDay(site))
    add(app, f"{_DAY}/rapporto.csv", SettlementDayCsv(site))
    add(app, f"{_DAY}/rapporto.pdf", SettlementDayPdf(site))
    add(app, f"{_SETTLEMENT}/flussi/{{flow_id}}", SettlementFlowPage(site))
    add(app, f"{_SETTLEMENT}/carica-flusso", UploadFlow(site))
    add(app, f"{_SETTLEMENT}/registra-accredito", RegisterCredit(site))
    add(app, f"{_SETTLEMENT}/da-guardare", SettlementWorklistPage(site))
    add(app, f"{_SETTLEMENT}/accrediti", UnmatchedCreditsPage(site))
    add(app, f"{_OFFICE}/statistiche", StatisticsPage(site))
    add(app, f"{_OFFICE}/statistiche/{{kind}}", StatisticRowsPage(site))
    add(app, _KEYS, ApiKeysPage(site))
    add(app, f"{_KEYS}/nuova", MakeApiKey(site))
    add(app, f"{_KEY}/rinnova", RotateApiKey(site))
    add(app, f"{_KEY}/revoca", RevokeApiKey(site))
    add(app, _CATALOGUE, CataloguePage(site))
    add(app, f"{_CATALOGUE}/ente", EntityTexts(site))
    add(app, f"{_CATALOGUE}/logo", EntityLogo(site))
    add(app, f"{_CATALOGUE}/nuovo-servizio", NewService(site))
    add(app, f"{_CATALOGUE}/servizi/{{service}}", ChangeService(site))
    add(app, f"{_CATALOGUE}/servizi/{{service}}/ritira", WithdrawService(site))
    add(app, _FAILURES, FailuresPage(site))
    add(app, f"{_FAILURES}/{{consumer}}", DeadLettersPage(site))
    add(app, _LETTER, DeadLetterPage(site))
    add(app, f"{_LETTER}/rimanda", ReplayLetter(site))
    add(app, f"{_LETTER}/elimina", DropLetter(site))
    add(app, _WEBHOOKS, WebhooksPage(site))
    add(app, f"{_WEBHOOKS}/nuova", MakeWebhook(site))
    add(app, _WEBHOOK, WebhookPage(site))
    add(app, f"{_WEBHOOK}/modifica", ChangeWebhook(site))
    add(app, f"{_WEBHOOK}/prova", TryWebhook(site))
    add(app, f"{_WEBHOOK}/rimanda", ResendDelivery(site))
    add(app, f"{_WEBHOOK}/segreto", RotateWebhookSecret(site))
    add(app, f"{_WEBHOOK}/elimina", DeleteWebhook(site))
