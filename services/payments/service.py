"""Entrypoints of payments: each calls one use case."""

from typing import Any

from chassis.clock import now
from chassis.runtime.entrypoints import answers, every, on_event
from chassis.runtime.providers import DatabaseProvider, RpcProvider, SettingsProvider
from chassis.storage import outbox
from chassis.storage.database import Tx
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED, PRACTICE_EXPIRED
from contracts.rpc import payments
from contracts.rpc import settlement as fdr
from services.payments import models
from services.payments.domain.positions import Standing
from services.payments.settings import Settings
from services.payments.soap.envelope import http_status
from services.payments.usecases import day_report, node, positions, queries, receipts, reconciliation, settlements
from services.payments.usecases.checkouts import checkout_return, end, start

_JANITOR_INTERVAL_S = 10
_WAITING_RECEIPTS_INTERVAL_S = 10
_PENDING_SETTLEMENT_INTERVAL_S = 20
_PURGE_INTERVAL_S = 3_600


class PaymentsService:
    """The truth for what was paid."""

    name = "payments"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    settings = SettingsProvider(Settings.load)
    cashier = SettingsProvider(start.Cashier.load)

    @answers(payments.PA_FOR_NODE)
    def pa_for_node(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer the pagoPA node."""
        asking = node.Node(self.database, self.rpc, now())
        answer = node.answer_node(asking, request["envelope"], request["soap_action"])
        return {"envelope": answer, "status": http_status(answer)}

    @answers(payments.START_CHECKOUT)
    def start_checkout(self, request: dict[str, Any]) -> dict[str, Any]:
        """Open a checkout for one to five practices."""
        checkout: dict[str, Any] = self.cashier.start(self.database, self.rpc, request, now)
        return checkout

    @answers(payments.CHECKOUT)
    def checkout(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a checkout to its payer."""
        return checkout_return.find(self.database, request)

    @answers(payments.RETURNED)
    def returned(self, request: dict[str, Any]) -> dict[str, Any]:
        """Note how the browser came back."""
        return checkout_return.returned(self.database, request, now())

    @answers(payments.RECEIPTS)
    def receipts(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the receipts of a practice."""
        return queries.receipts_of(self.database, request["practice_id"])

    @answers(payments.STAMP)
    def stamp(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the digital stamp that came with a payment."""
        return queries.stamp(self.database, request["practice_id"])

    @answers(payments.TIMELINE)
    def timeline(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what happened to a practice, and how we know."""
        return queries.timeline(self.database, request["practice_id"])

    @answers(payments.LIST_PAYMENTS)
    def list_payments(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a page of an entity's receipts."""
        return queries.payments_page(self.database, request)

    @answers(fdr.TAKE_SETTLEMENT)
    def take_settlement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a settlement flow and say what its rows are."""
        flow_id = settlements.take_file(self.database, self.rpc, request, now())
        return reconciliation.settlement(self.database, request["entity_code"], flow_id)

    @answers(fdr.SETTLEMENT)
    def settlement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a settlement flow."""
        return reconciliation.settlement(self.database, request["entity_code"], request["flow_id"])

    @answers(fdr.SETTLEMENTS)
    def settlements(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return an entity's settlement flows."""
        return reconciliation.settlement_list(self.database, request)

    @answers(fdr.WORKLIST)
    def settlement_worklist(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what a human must look at."""
        return reconciliation.worklist(self.database, request)

    @answers(fdr.PUT_CREDIT)
    def put_bank_credit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Register a bank credit."""
        return reconciliation.put_credit(self.database, request, now())

    @answers(fdr.DAY_REPORT)
    def settlement_day_report(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the reconciliation report of a day as CSV."""
        return day_report.day_csv(self.database, request)

    @answers(fdr.DAY)
    def settlement_day(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what a day of settlement adds up to."""
        return day_report.day(self.database, request)

    @answers(payments.EVENTS)
    def events(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return published events after a position."""
        with self.database.reading() as session:
            return {"items": outbox.feed(session, models.OutboxMessage, request["after"], request["limit"])}

    @on_event(PRACTICE_CREATED)
    def on_practice_created(self, tx: Tx, event: dict[str, Any]) -> None:
        """Learn what is owed."""
        positions.project_position(tx, event, now())

    @on_event(PRACTICE_AMENDED)
    def on_practice_amended(self, tx: Tx, event: dict[str, Any]) -> None:
        """Learn what is owed now."""
        positions.project_position(tx, event, now())

    @on_event(PRACTICE_CANCELLED)
    def on_practice_cancelled(self, tx: Tx, event: dict[str, Any]) -> None:
        """Learn that it is no longer owed."""
        positions.project_end(tx, event, Standing.CANCELLED, now())

    @on_event(PRACTICE_EXPIRED)
    def on_practice_expired(self, tx: Tx, event: dict[str, Any]) -> None:
        """Learn that it is too late to pay."""
        positions.project_end(tx, event, Standing.EXPIRED, now())

    @every(seconds=_JANITOR_INTERVAL_S)
    def end_overdue_checkouts(self) -> None:
        """Free the practices of checkouts nobody ended."""
        end.end_overdue(self.database, self.settings.token_life, now())

    @every(seconds=_WAITING_RECEIPTS_INTERVAL_S)
    def resolve_waiting_receipts(self) -> None:
        """Judge receipts that came before their notice was known."""
        receipts.resolve_waiting(self.database, self.rpc, now())

    @every(seconds=_PENDING_SETTLEMENT_INTERVAL_S)
    def look_at_pending_settlements(self) -> None:
        """Finish settlement rows, and try those again whose payment has come to be known."""
        settlements.look_at_pending(self.database, now())

    @every(seconds=_PURGE_INTERVAL_S)
    def purge_node_calls(self) -> None:
        """Forget what the node asked long ago."""
        queries.purge_node_calls(self.database, now())
