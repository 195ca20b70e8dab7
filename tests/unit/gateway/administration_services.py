"""What the accountant's and the administrator's pages ask behind an office, kept in memory."""

from dataclasses import fields, replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from contracts.actors import Actor
from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.rpc import (
    api_keys,
    audit,
    closed_days,
    dead_letters,
    notices,
    office_catalogue,
    settlement,
    statistics,
    webhooks,
)
from contracts.rpc.api_keys import ApiKey, ApiKeyWithText
from contracts.rpc.closed_days import Closing, DayFigures, SettlementDay
from contracts.rpc.dead_letters import DeadLetter, DeadLetterQueue, DeadLetters, SettledLetters
from contracts.rpc.office_catalogue import EntityContent, OfficeCatalogue, Published, PublishRequest, ServiceContent
from contracts.rpc.practices import CatalogueService
from contracts.rpc.settlement import FindingTotal, Settlement, UnmatchedCredit, WorklistItem
from contracts.rpc.webhooks import Webhook, WebhookDelivery, WebhookWithSecret
from contracts.shapes import Empty, LocalisedText
from tests.unit.gateway.gateway_services import NOW, Services
from tests.unit.gateway.office_services import Office

KEY = UUID(int=0xD0)
WEBHOOK = UUID(int=0xD1)
KEY_TEXT = "portale_" + "k" * 43
SECRET = "whsec_invented"
SERVICE_CONTENT = ServiceContent(
    code="TARI",
    title=LocalisedText(it="Tassa rifiuti (TARI)", en="Waste tax"),
    category="9/0101101IM/",
    spontaneous=False,
    allows_anonymous=False,
    requires_beneficiary=False,
    accepts_late=True,
    min_cents=1000,
    from_file=["archive", "shares"],
)
CONTENT = OfficeCatalogue(
    version=4,
    published_by="ops",
    published_at=NOW,
    entity=EntityContent(website="https://ente.example"),
    services=[SERVICE_CONTENT],
)
CONSUMER = "practices.on_payment_confirmed"
LETTER_ID = "0f8fad5b-1"
LETTER = DeadLetter(
    id=LETTER_ID,
    type="PaymentConfirmed.v1",
    attempts=5,
    error="<b>KeyError",
    dead_at=NOW,
    size_bytes=9,
    event={"data": "<b>x"},
)
DAY = date(2026, 11, 20)
FLOW_ID = "2026-11-20BESEITM1-1"
FIGURES = DayFigures(flows_count=1, rows_count=3, total_cents=3702, credited_cents=3600)
FLOW = Settlement(
    entity_code="PM108",
    flow_id=FLOW_ID,
    flow_at=NOW,
    revision=0,
    regulation_id="TRN",
    settled_on=DAY,
    sender_id="BESEITM1",
    sender_name="<script>alert(1)</script>",
    payments_count=3,
    total_cents=3702,
    current=True,
    received_at=NOW,
    pending=0,
    findings=[
        FindingTotal(finding="reported", count=2, amount_cents=2468),
        FindingTotal(finding="unknown", count=1, amount_cents=1234),
    ],
    credit_reference="CRO-1",
    reconciled=False,
)
WORKLIST_ROW = WorklistItem(
    id=7,
    finding="unknown",
    flow_id=FLOW_ID,
    settled_on=DAY,
    iuv="01000000000000001",
    iur="=1+1",
    amount_cents=1234,
    outcome=0,
    paid_on=DAY,
)
PERIOD = statistics.PeriodStatistics(
    collected=[
        statistics.CollectedCell(
            service_code="TARI", month=date(2026, 3, 1), channel=statistics.PORTAL, count=2, cents=3000
        ),
        statistics.CollectedCell(service_code="TARI", month=date(2026, 11, 1), channel="cash", count=1, cents=1000),
        statistics.CollectedCell(service_code="<b>X", month=date(2026, 11, 1), channel="<i>new", count=1, cents=1),
    ],
    days_to_pay=[statistics.DaysCell(service_code="TARI", days_from=8, count=3, cents=4000)],
    median_days=9,
)


class Administration:
    """One key and one webhook of PM108, and what was done to them."""

    def __init__(self, services: Services, office: Office) -> None:
        self.office = office
        self.keys = {
            KEY: ApiKey(
                id=KEY, name="Gestionale", scopes=["debts:write"], version=1, created_at=NOW - timedelta(days=9)
            )
        }
        self.webhooks = {
            WEBHOOK: Webhook(id=WEBHOOK, url="https://gestionale.example/x", types=[], enabled=True, created_at=NOW)
        }
        self.deliveries: list[WebhookDelivery] = []
        self.day = SettlementDay(day=DAY, figures=FIGURES, pending_count=0, worklist_count=1, unreconciled_count=1)
        self.worklist_rows = [WORKLIST_ROW]
        self.period = PERIOD
        self.letter = LETTER
        self.catalogue = CONTENT
        self.wrong_fields: list[str] = []
        for call, answer in self._answers().items():
            services.answer(call, answer)

    def _answers(self) -> dict[Any, Any]:
        return {
            api_keys.API_KEYS: lambda _: api_keys.ApiKeys(keys=list(self.keys.values())),
            api_keys.MAKE_API_KEY: self._make_key,
            api_keys.ROTATE_API_KEY: self._rotate_key,
            api_keys.REVOKE_API_KEY: self._revoke_key,
            audit.PAYMENTS_AUDIT: lambda _: audit.AuditPage(entries=[]),
            webhooks.WEBHOOKS: lambda _: webhooks.Webhooks(webhooks=list(self.webhooks.values())),
            webhooks.CREATE_WEBHOOK: self._create_webhook,
            webhooks.CHANGE_WEBHOOK: self._change_webhook,
            webhooks.DELETE_WEBHOOK: self._delete_webhook,
            webhooks.ROTATE_WEBHOOK_SECRET: lambda asked: self._with_secret(self.webhooks[asked.id]),
            webhooks.TEST_WEBHOOK: self._test_webhook,
            webhooks.WEBHOOK_DELIVERIES: lambda _: webhooks.WebhookDeliveries(deliveries=self.deliveries),
            webhooks.RESEND: lambda _: webhooks.Resent(count=1),
            settlement.SETTLEMENTS: lambda _: settlement.Settlements(settlements=[FLOW]),
            settlement.SETTLEMENT: self._settlement,
            settlement.TAKE_SETTLEMENT: lambda _: FLOW,
            settlement.PUT_CREDIT: self._put_credit,
            settlement.WORKLIST: lambda _: settlement.Worklist(items=self.worklist_rows),
            settlement.UNMATCHED_CREDITS: lambda _: settlement.UnmatchedCredits(
                credits=[
                    UnmatchedCredit(
                        reference="CRO-2",
                        booked_on=DAY,
                        amount_cents=500,
                        remittance_text="<b>/URI/x",
                        candidates=[FLOW_ID],
                    )
                ]
            ),
            settlement.DAY_REPORT: lambda _: settlement.DayReport(
                file_name="riconciliazione.csv", csv="riga;importo\r\n"
            ),
            notices.DAY_REPORT: lambda _: notices.Document(
                file_name="r.pdf", media_type="application/pdf", content_base64="JVBERi0="
            ),
            **{dead_letters.queues_call(name): partial(self._queues, name) for name in dead_letters.HEARING},
            dead_letters.letters_call("practices"): lambda _: DeadLetters(letters=[self.letter], waiting=1),
            dead_letters.replay_call("practices"): lambda _: SettledLetters(count=1, waiting=0),
            dead_letters.drop_call("practices"): lambda _: SettledLetters(count=1, waiting=0),
            office_catalogue.OFFICE_CATALOGUE: lambda _: self.catalogue,
            office_catalogue.PUBLISH_SERVICE: self._publish_service,
            office_catalogue.WITHDRAW_SERVICE: self._publish,
            office_catalogue.PUBLISH_ENTITY: self._publish,
            office_catalogue.PUBLISH_LOGO: self._publish,
            office_catalogue.LOGO: lambda _: office_catalogue.LogoContent(content_base64="iVBORw0KGgo="),
            audit.CART_AUDIT: lambda _: audit.AuditPage(entries=[]),
            audit.NOTICES_AUDIT: lambda _: audit.AuditPage(entries=[]),
            statistics.PERIOD_STATISTICS: lambda _: self.period,
            statistics.OVERDUE: lambda _: statistics.Overdue(
                today=DAY, cells=[statistics.DaysCell(service_code="TARI", days_from=31, count=1, cents=700)]
            ),
            statistics.STATISTIC_ROWS: lambda _: statistics.StatisticRows(
                rows=[
                    statistics.StatisticRow(
                        practice_id=UUID(int=1),
                        iuv="01000000000000001",
                        service_code="TARI",
                        cents=1234,
                        paid_at=NOW,
                        due_date=DAY,
                        channel="cash",
                        receipt_id="r-1",
                        days=3,
                    )
                ],
                next_after="2026-11-20_1",
            ),
            closed_days.SETTLEMENT_DAYS: lambda _: closed_days.SettlementDays(days=[self.day]),
            closed_days.SETTLEMENT_DAY_DETAILS: lambda _: closed_days.SettlementDayDetails(
                day=self.day, flows=[FLOW], worklist_rows=self.worklist_rows
            ),
            closed_days.CLOSE_DAY: self._close_day,
            closed_days.REOPEN_DAY: self._reopen_day,
        }

    def _publish(self, asked: PublishRequest) -> Published:
        self._refuse_if_changed()
        return Published(version=asked.version, wrong_fields=self.wrong_fields)

    def _publish_service(self, asked: office_catalogue.PublishServiceRequest) -> Published:
        published = self._publish(asked)
        if published.wrong_fields:
            return published
        typed = asked.service
        names = [one.name for one in fields(CatalogueService) if hasattr(typed, one.name)]
        shown: dict[str, Any] = {name: getattr(typed, name) for name in names}
        shown |= {"demand": None, "stamp_cents": None, "choices": []}
        return replace(published, service=CatalogueService(**shown))

    def _queues(self, service: str, _asked: dead_letters.DeadLetterQueuesRequest) -> dead_letters.DeadLetterQueues:
        waiting = {CONSUMER: 1, "practices.on_checkout_started": 0} if service == "practices" else {}
        return dead_letters.DeadLetterQueues(
            queues=[DeadLetterQueue(consumer=name, type="x", waiting=count) for name, count in waiting.items()]
        )

    def _settlement(self, asked: settlement.SettlementRequest) -> Settlement:
        if asked.flow_id != FLOW_ID:
            raise Refused(ErrorCode.SETTLEMENT_NOT_FOUND)
        return FLOW

    def _put_credit(self, asked: settlement.PutCreditRequest) -> settlement.Credit:
        known = FLOW_ID in asked.remittance_text
        return settlement.Credit(
            reference=asked.reference,
            booked_on=asked.booked_on,
            amount_cents=asked.amount_cents,
            flow_id=FLOW_ID if known else None,
            flow_known=known,
            reconciled=known,
        )

    def _close_day(self, asked: closed_days.CloseDayRequest) -> SettlementDay:
        if asked.figures != self.day.figures:
            raise Refused(ErrorCode.CHANGED_MEANWHILE, ChangedMeanwhile(version=0))
        if not asked.note:
            raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
        self.day = replace(
            self.day, closing=Closing(closed_at=NOW, actor=asked.actor, note=asked.note, figures=asked.figures)
        )
        return self.day

    def _reopen_day(self, _asked: closed_days.ReopenDayRequest) -> SettlementDay:
        self.day = replace(self.day, closing=None)
        return self.day

    def close(self, actor: Actor) -> None:
        """Let somebody have closed the day."""
        self.day = replace(self.day, closing=Closing(closed_at=NOW, actor=actor, note="Visto", figures=FIGURES))

    def _make_key(self, asked: api_keys.MakeApiKeyRequest) -> ApiKeyWithText:
        if asked.name in {one.name for one in self.keys.values()}:
            raise Refused(ErrorCode.DUPLICATE_REFERENCE)
        made = UUID(int=0xD2)
        return self._with_text(ApiKey(id=made, name=asked.name, scopes=asked.scopes, version=1, created_at=NOW))

    def _rotate_key(self, asked: api_keys.ChangeApiKeyRequest) -> ApiKeyWithText:
        self._refuse_if_changed()
        return self._with_text(replace(self.keys[asked.key_id], previous_until=NOW + timedelta(days=1), version=2))

    def _revoke_key(self, asked: api_keys.ChangeApiKeyRequest) -> ApiKey:
        self._refuse_if_changed()
        self.keys[asked.key_id] = replace(self.keys[asked.key_id], revoked_at=NOW)
        return self.keys[asked.key_id]

    def _refuse_if_changed(self) -> None:
        if self.office.meanwhile is not None:
            raise Refused(ErrorCode.CHANGED_MEANWHILE, self.office.meanwhile)

    def _with_text(self, key: ApiKey) -> ApiKeyWithText:
        self.keys[key.id] = key
        shown = {one.name: getattr(key, one.name) for one in fields(ApiKey)}
        return ApiKeyWithText(**shown, text=KEY_TEXT)

    def _with_secret(self, webhook: Webhook) -> WebhookWithSecret:
        shown = {one.name: getattr(webhook, one.name) for one in fields(Webhook)}
        return WebhookWithSecret(**shown, secret=SECRET)

    def _create_webhook(self, asked: webhooks.CreateWebhookRequest) -> WebhookWithSecret:
        made = Webhook(id=asked.id, url=asked.url, types=asked.types, enabled=True, created_at=NOW)
        self.webhooks[made.id] = made
        return self._with_secret(made)

    def _change_webhook(self, asked: webhooks.ChangeWebhookRequest) -> Webhook:
        changed = replace(self.webhooks[asked.id], url=asked.url, types=asked.types, enabled=asked.enabled)
        self.webhooks[asked.id] = changed
        return changed

    def _delete_webhook(self, asked: webhooks.WebhookRequest) -> Empty:
        self.webhooks.pop(asked.id, None)
        return Empty()

    def _test_webhook(self, _asked: webhooks.WebhookRequest) -> WebhookDelivery:
        delivery = WebhookDelivery(
            id=len(self.deliveries) + 1,
            event_id=UUID(int=0xE0),
            type="WebhookTested.v1",
            test=True,
            state="waiting",
            next_at=NOW,
            created_at=NOW,
            attempts=[],
        )
        self.deliveries.insert(0, delivery)
        return delivery
