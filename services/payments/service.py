"""Entrypoints of payments: each calls one use case."""

from collections.abc import Sequence
from datetime import datetime

from chassis.clock import now
from chassis.recurrence import Recurrence
from chassis.runtime.entrypoints import answers, decides_every, every, on_events
from chassis.runtime.providers import DatabaseProvider, ParityProvider, RpcProvider, SettingsProvider
from chassis.storage import event_feed
from chassis.storage.database import Tx
from chassis.storage.database_clock import database_time
from contracts.events.envelope import Event
from contracts.events.practices import (
    PRACTICE_AMENDED,
    PRACTICE_CANCELLED,
    PRACTICE_CREATED,
    PRACTICE_EXPIRED,
    PracticeEnded,
)
from contracts.rpc import audit, payments
from contracts.rpc import closed_days as closing_calls
from contracts.rpc import money_cases as money
from contracts.rpc import office_receipts as late
from contracts.rpc import payment_story as story
from contracts.rpc import settlement as fdr
from contracts.rpc import statistics as figures
from contracts.rpc import webhooks as hooks
from contracts.rpc.parity import (
    PAYMENTS_BUCKETS,
    PAYMENTS_CHANGED,
    PAYMENTS_LINES,
    PAYMENTS_TELL_AGAIN,
    Buckets,
    BucketsRequest,
    Changed,
    ChangedRequest,
    Lines,
    LinesRequest,
    TellAgainRequest,
    ToldAgain,
)
from contracts.rpc.practices import EventsReply, EventsRequest, Position
from contracts.shapes import Empty
from services.payments import models
from services.payments.domain.positions import PositionStatus
from services.payments.settings import Settings
from services.payments.settlement.fdr_org import FdrClient
from services.payments.usecases import (
    bank_credits,
    case_watch,
    closed_days,
    day_report,
    flow_download,
    late_receipt,
    money_cases,
    node_messages,
    parity,
    payer_refunds,
    payment_options,
    personal_data,
    positions,
    receipt_list,
    receipts,
    reconciliation,
    refund_exports,
    refused_receipts,
    retention,
    settlements,
    statistics,
    timeline,
    unreported_receipts,
    wanted_receipts,
    webhooks,
)
from services.payments.usecases.checkouts import checkout_return, end, start
from services.payments.usecases.node.answer import answer_node
from services.payments.usecases.node.context import NodeContext

_JANITOR_INTERVAL_S = 10
_WAITING_RECEIPTS_INTERVAL_S = 10
_PENDING_SETTLEMENT_INTERVAL_S = 20
_LARGE_SETTLEMENT_INTERVAL_S = 2
_PURGE_INTERVAL_S = 3_600
_FORGETTING_INTERVAL_S = 3_600
_UNREPORTED_INTERVAL_S = 3_600
_FETCH_LOOK_S = 5
_CASES_INTERVAL_S = 60
_PARITY_LOOK_S = 10


class PaymentsService:
    """The truth for what was paid."""

    name = "payments"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    settings = SettingsProvider(Settings.load)
    fetching = SettingsProvider(lambda: Recurrence(Settings.load().fdr_fetch_s))
    checkout_starter = SettingsProvider(start.CheckoutStarter.load)
    rounds = ParityProvider(parity.PROJECTION)

    @answers(payments.PA_FOR_NODE)
    def pa_for_node(self, request: payments.NodeRequest) -> payments.NodeReply:
        """Answer the pagoPA node."""
        return answer_node(NodeContext(self.database, self.rpc, now()), request)

    @answers(payments.PAYMENT_OPTIONS)
    def payment_options(self, request: payments.PaymentOptionsRequest) -> payments.PaymentOptionsReply:
        """Tell pagoPA by which options a notice can be paid."""
        return payment_options.payment_options(self.database, self.rpc, request, now())

    @answers(payments.START_CHECKOUT)
    def start_checkout(self, request: payments.StartCheckoutRequest) -> payments.Checkout:
        """Open a checkout for one to five practices."""
        return self.checkout_starter.start(self.database, self.rpc, request, self._database_time)

    @answers(payments.CHECKOUT)
    def checkout(self, request: payments.CheckoutRequest) -> payments.Checkout:
        """Return a checkout to its payer."""
        return checkout_return.find(self.database, request)

    @answers(payments.RETURNED)
    def returned(self, request: payments.ReturnedRequest) -> payments.Checkout:
        """Note how the browser came back."""
        return checkout_return.returned(self.database, request, now())

    @answers(payments.TAKE_RECEIPT)
    def take_receipt(self, request: payments.TakeReceiptRequest) -> payments.TakenReceipt:
        """Take in a receipt that was refused or lost."""
        return late_receipt.take_for_entity(NodeContext(self.database, self.rpc, now()), request)

    @answers(payments.RECEIPTS)
    def receipts(self, request: payments.ReceiptsRequest) -> payments.Receipts:
        """Return the receipts of a practice."""
        return receipt_list.receipts_of(self.database, request.practice_id)

    @answers(payments.STAMP)
    def stamp(self, request: payments.ReceiptsRequest) -> payments.StampFile:
        """Return the digital stamp that came with a payment."""
        return receipt_list.stamp_file(self.database, request.practice_id)

    @answers(payments.TIMELINE)
    def timeline(self, request: payments.ReceiptsRequest) -> payments.Timeline:
        """Return what happened to a practice, and how we know."""
        return timeline.timeline(self.database, request.practice_id)

    @answers(late.REFUSED_RECEIPTS)
    def refused_receipts(self, request: late.RefusedReceiptsRequest) -> late.RefusedReceipts:
        """Return the receipts of an entity that had to be refused."""
        return refused_receipts.listed(self.database, request)

    @answers(late.TAKE_REFUSED)
    def take_refused_receipt(self, request: late.TakeRefusedRequest) -> payments.TakenReceipt:
        """Take a refused receipt in."""
        return refused_receipts.take(NodeContext(self.database, self.rpc, now()), request)

    @answers(late.RECOVER_RECEIPT)
    def recover_receipt(self, request: late.RecoverRequest) -> late.AskedReceipt:
        """Have pagoPA asked for a receipt that never came."""
        asked = request.entity_code, request.iur, request.iuv
        return late.AskedReceipt(state=wanted_receipts.want(self.database, *asked, now(), request.actor))

    @answers(late.RECOVERIES)
    def receipt_recoveries(self, request: late.RecoveriesRequest) -> late.Recoveries:
        """Return the receipts of an entity that pagoPA was asked for."""
        return refused_receipts.recoveries_of(self.database, request)

    @answers(story.NODE_MESSAGES)
    def node_messages(self, request: story.NodeMessagesRequest) -> story.NodeMessages:
        """Return the node's messages about a practice, masked."""
        return node_messages.messages(self.database, request)

    @answers(story.READ_MESSAGE)
    def read_node_message(self, request: story.ReadMessageRequest) -> story.WholeMessage:
        """Return a message of the node whole."""
        return node_messages.read(self.database, request, now())

    @answers(payments.LIST_PAYMENTS)
    def list_payments(self, request: payments.PaymentsRequest) -> payments.PaymentsPage:
        """Return a page of an entity's receipts."""
        return receipt_list.payments_page(self.database, request)

    @answers(fdr.TAKE_SETTLEMENT)
    def take_settlement(self, request: fdr.TakeSettlementRequest) -> fdr.Settlement:
        """Take a settlement flow and say what its rows are."""
        flow_id = settlements.take_file(self.database, self.rpc, request, now())
        return reconciliation.settlement(self.database, request.entity_code, flow_id)

    @answers(fdr.SETTLEMENT)
    def settlement(self, request: fdr.SettlementRequest) -> fdr.Settlement:
        """Return a settlement flow."""
        return reconciliation.settlement(self.database, request.entity_code, request.flow_id)

    @answers(fdr.SETTLEMENTS)
    def settlements(self, request: fdr.SettlementsRequest) -> fdr.Settlements:
        """Return an entity's settlement flows."""
        return reconciliation.settlement_list(self.database, request)

    @answers(fdr.WORKLIST)
    def settlement_worklist(self, request: fdr.WorklistRequest) -> fdr.Worklist:
        """Return what a human must look at."""
        return reconciliation.worklist(self.database, request)

    @answers(fdr.PUT_CREDIT)
    def put_bank_credit(self, request: fdr.PutCreditRequest) -> fdr.Credit:
        """Register a bank credit."""
        return bank_credits.put_credit(self.database, request, now())

    @answers(fdr.UNMATCHED_CREDITS)
    def unmatched_bank_credits(self, request: fdr.UnmatchedCreditsRequest) -> fdr.UnmatchedCredits:
        """Return the bank credits that no flow belongs to."""
        return bank_credits.unmatched_credits(self.database, request)

    @answers(fdr.DAY_REPORT)
    def settlement_day_report(self, request: fdr.DayRequest) -> fdr.DayReport:
        """Return the reconciliation report of a day as CSV."""
        return day_report.day_csv(self.database, request)

    @answers(fdr.DAY)
    def settlement_day(self, request: fdr.DayRequest) -> fdr.Day:
        """Return what a day of settlement adds up to."""
        return day_report.day(self.database, request)

    @answers(closing_calls.SETTLEMENT_DAYS)
    def settlement_days(self, request: closing_calls.SettlementDaysRequest) -> closing_calls.SettlementDays:
        """Return the days of settlement of a period."""
        return closed_days.days(self.database, request)

    @answers(closing_calls.SETTLEMENT_DAY_DETAILS)
    def settlement_day_details(self, request: closing_calls.SettlementDayRequest) -> closing_calls.SettlementDayDetails:
        """Return a day of settlement with what does not match."""
        return closed_days.day_details(self.database, request)

    @answers(closing_calls.CLOSE_DAY)
    def close_settlement_day(self, request: closing_calls.CloseDayRequest) -> closing_calls.SettlementDay:
        """Close a day of settlement."""
        return closed_days.close(self.database, request, now())

    @answers(closing_calls.REOPEN_DAY)
    def reopen_settlement_day(self, request: closing_calls.ReopenDayRequest) -> closing_calls.SettlementDay:
        """Take the closing of a day back."""
        return closed_days.reopen(self.database, request, now())

    @answers(figures.PERIOD_STATISTICS)
    def period_statistics(self, request: figures.PeriodRequest) -> figures.PeriodStatistics:
        """Return what an entity collected in a period, and how soon."""
        return statistics.of_period(self.database, request)

    @answers(figures.OVERDUE)
    def overdue_statistics(self, request: figures.OverdueRequest) -> figures.Overdue:
        """Return what is late today."""
        return statistics.overdue(self.database, request, now())

    @answers(figures.STATISTIC_ROWS)
    def statistic_rows(self, request: figures.RowsRequest) -> figures.StatisticRows:
        """Return what a figure was counted from."""
        return statistics.rows(self.database, request, now())

    @answers(money.MONEY_CASES)
    def money_cases(self, request: money.MoneyCasesRequest) -> money.MoneyCases:
        """Return money that nobody expected, case by case."""
        return money_cases.listed(self.database, request)

    @answers(money.MONEY_CASE)
    def money_case(self, request: money.MoneyCaseRequest) -> money.MoneyCaseReply:
        """Return one case and who did what with it."""
        return money_cases.one(self.database, request)

    @answers(money.MOVE_CASE)
    def move_case(self, request: money.MoveCaseRequest) -> money.MoneyCase:
        """Take a step with a case."""
        return money_cases.move(self.database, request, now())

    @answers(money.EXPORT_REFUNDS)
    def export_refunds(self, request: money.ExportRefundsRequest) -> money.RefundExport:
        """Put decided refunds into a file for the bank."""
        return refund_exports.export(self.database, request, now())

    @answers(money.REFUND_EXPORTS)
    def refund_exports(self, request: money.RefundExportsRequest) -> money.RefundExports:
        """Return the files of refunds."""
        return refund_exports.listed(self.database, request)

    @answers(money.REFUND_FILE)
    def refund_file(self, request: money.RefundFileRequest) -> money.RefundFile:
        """Return a file of refunds."""
        return refund_exports.file(self.database, request)

    @answers(money.SETTLE_EXPORT)
    def settle_export(self, request: money.SettleExportRequest) -> money.RefundExport:
        """Note that the bank has paid a file."""
        return refund_exports.settle(self.database, request, now())

    @answers(money.PAYER_CASES)
    def payer_cases(self, request: money.PayerCasesRequest) -> money.PayerCases:
        """Return to whoever paid what becomes of money that nobody expected."""
        return payer_refunds.of_payer(self.database, request)

    @answers(money.ASK_REFUND)
    def ask_refund(self, request: money.AskRefundRequest) -> money.PayerCase:
        """Note where whoever paid wants the money."""
        return payer_refunds.ask(self.database, request, now())

    @answers(audit.PAYMENTS_AUDIT)
    def audit(self, request: audit.AuditRequest) -> audit.AuditPage:
        """Return a page of the audit of payments."""
        return money_cases.audit(self.database, request)

    @answers(hooks.CREATE_WEBHOOK)
    def create_webhook(self, request: hooks.CreateWebhookRequest) -> hooks.WebhookWithSecret:
        """Make a webhook."""
        return webhooks.create(self.database, request, now())

    @answers(hooks.WEBHOOKS)
    def webhooks(self, request: hooks.WebhooksRequest) -> hooks.Webhooks:
        """Return an entity's webhooks."""
        return webhooks.listed(self.database, request)

    @answers(hooks.CHANGE_WEBHOOK)
    def change_webhook(self, request: hooks.ChangeWebhookRequest) -> hooks.Webhook:
        """Change a webhook."""
        return webhooks.change(self.database, request, now())

    @answers(hooks.DELETE_WEBHOOK)
    def delete_webhook(self, request: hooks.WebhookRequest) -> Empty:
        """Delete a webhook."""
        return webhooks.delete(self.database, request, now())

    @answers(hooks.ROTATE_WEBHOOK_SECRET)
    def rotate_webhook_secret(self, request: hooks.WebhookRequest) -> hooks.WebhookWithSecret:
        """Give a webhook another secret."""
        return webhooks.rotate(self.database, request, now())

    @answers(hooks.TEST_WEBHOOK)
    def test_webhook(self, request: hooks.WebhookRequest) -> hooks.WebhookDelivery:
        """Send a webhook a message that tells nothing."""
        return webhooks.test(self.database, request, now())

    @answers(hooks.WEBHOOK_DELIVERIES)
    def webhook_deliveries(self, request: hooks.WebhookDeliveriesRequest) -> hooks.WebhookDeliveries:
        """Return what was sent to a webhook."""
        return webhooks.history(self.database, request)

    @answers(hooks.RESEND)
    def resend_webhook(self, request: hooks.ResendRequest) -> hooks.Resent:
        """Send a webhook events again."""
        return webhooks.resend(self.database, request, now())

    @answers(payments.EVENTS)
    def events(self, request: EventsRequest) -> EventsReply:
        """Return a page of the events published."""
        with self.database.reading() as session:
            return event_feed.page(session, models.OutboxMessage, request)

    @answers(PAYMENTS_BUCKETS)
    def parity_buckets(self, request: BucketsRequest) -> Buckets:
        """Count and hash what practices' states are compared with."""
        return parity.states(self.database).buckets(request)

    @answers(PAYMENTS_LINES)
    def parity_lines(self, request: LinesRequest) -> Lines:
        """Return what practices' states are compared with, practice by practice."""
        return parity.states(self.database).lines(request)

    @answers(PAYMENTS_CHANGED)
    def parity_changed(self, request: ChangedRequest) -> Changed:
        """Return which practices events were about."""
        return parity.changed(self.database, request)

    @answers(PAYMENTS_TELL_AGAIN)
    def tell_again(self, request: TellAgainRequest) -> ToldAgain:
        """Return the events about practices once more."""
        return parity.tell_again(self.database, request)

    @on_events(PRACTICE_CREATED)
    def on_practice_created(self, tx: Tx, events: Sequence[Event[Position]]) -> None:
        """Learn what is to be paid."""
        positions.project_positions(tx, events, now())

    @on_events(PRACTICE_AMENDED)
    def on_practice_amended(self, tx: Tx, events: Sequence[Event[Position]]) -> None:
        """Learn what is to be paid now."""
        positions.project_positions(tx, events, now())

    @on_events(PRACTICE_CANCELLED)
    def on_practice_cancelled(self, tx: Tx, events: Sequence[Event[PracticeEnded]]) -> None:
        """Learn that nobody wants it paid any more."""
        positions.project_ends(tx, events, PositionStatus.CANCELLED, now())

    @on_events(PRACTICE_EXPIRED)
    def on_practice_expired(self, tx: Tx, events: Sequence[Event[PracticeEnded]]) -> None:
        """Learn that it is too late to pay."""
        positions.project_ends(tx, events, PositionStatus.EXPIRED, now())

    @decides_every(seconds=_JANITOR_INTERVAL_S)
    def end_overdue_checkouts(self, now: datetime) -> None:
        """Free the practices of checkouts nobody ended."""
        end.end_overdue(self.database, self.settings.token_life, now)

    @every(seconds=_WAITING_RECEIPTS_INTERVAL_S)
    def resolve_waiting_receipts(self) -> None:
        """Judge receipts that came before their notice was known."""
        receipts.resolve_waiting(self.database, self.rpc, now())

    @every(seconds=_LARGE_SETTLEMENT_INTERVAL_S)
    def take_large_settlements(self) -> None:
        """Read the settlement flows that are too large to be read while somebody waits."""
        settlements.take_waiting(self.database, self.rpc)

    @every(seconds=_PENDING_SETTLEMENT_INTERVAL_S)
    def match_pending_settlements(self) -> None:
        """Finish settlement rows, and try those again whose payment has come to be known."""
        settlements.match_pending(self.database, now())

    @every(seconds=_FETCH_LOOK_S)
    def fetch_settlements(self) -> None:
        """Take the settlement flows that pagoPA has published, every FDR_FETCH_S."""
        if self.fetching.is_due():
            flow_download.download_all(self.database, self.rpc, FdrClient(self.settings), now())

    @decides_every(seconds=_UNREPORTED_INTERVAL_S)
    def watch_unreported_receipts(self, now: datetime) -> None:
        """Raise an alarm about payments that no settlement flow reports."""
        unreported_receipts.watch_unreported(self.database, self.settings.unreported_working_days, now)

    @decides_every(seconds=_PARITY_LOOK_S)
    def prove_positions(self, now: datetime) -> None:
        """Compare the positions with practices, every PARITY_EVERY_S."""
        parity.prove_positions(self.database, self.rpc, self.rounds, now)

    @decides_every(seconds=_CASES_INTERVAL_S)
    def look_after_money_cases(self, now: datetime) -> None:
        """Open cases that are missing, and count those that wait."""
        case_watch.open_missing(self.database, now)
        case_watch.watch_waiting(self.database, now)

    @decides_every(seconds=_PURGE_INTERVAL_S)
    def purge_node_calls(self, now: datetime) -> None:
        """Delete what the node asked long ago."""
        retention.purge_node_calls(self.database, now)

    @decides_every(seconds=_FORGETTING_INTERVAL_S)
    def forget_persons(self, now: datetime) -> None:
        """Forget whom old receipts, positions and checkouts were about."""
        personal_data.forget(self.database, self.rpc, now)

    def _database_time(self) -> datetime:
        return database_time(self.database)
