"""A service that uses what is injected, and answers and listens, rightly and wrongly."""

from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

from chassis.runtime.entrypoints import answers, every, on_event
from chassis.runtime.providers import DatabaseProvider, RpcProvider, SettingsProvider
from chassis.storage.database import Tx
from contracts.events.envelope import Event
from contracts.events.payments import PAYMENT_CONFIRMED, PaymentConfirmed, PaymentReported
from contracts.events.practices import PRACTICE_CANCELLED, PracticeEnded
from contracts.rpc import cart, practices
from contracts.rpc.practices import DuplicatesReply, GetManyRequest, Practice, PracticeList, SearchRequest
from contracts.shapes import Viewer

models = ModuleType("models")


@dataclass(frozen=True)
class Settings:
    """Settings of an example."""

    open_s: int


def load() -> Settings:
    """Return them."""
    return Settings(1800)


class ExampleService:
    """An example."""

    name = "example"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    settings = SettingsProvider(load)

    @answers(practices.SEARCH)
    def search(self, request: SearchRequest) -> PracticeList:
        """Use what is injected."""
        self.database.no_such_method(1, 2)  # error: [attr-defined]
        self.database.ping()
        self.settings.open_minutes  # error: [attr-defined]  # noqa: B018
        open_s: str = self.settings.open_s  # error: [assignment]
        asked = GetManyRequest(viewer=Viewer(), practice_ids=[])
        found = self.rpc.call(practices.GET_MANY, asked)
        found.practises  # error: [attr-defined]  # noqa: B018
        self.rpc.call(practices.GET_MANY, request)  # error: [misc]
        self.rpc.call(practices.GET_MANY, {"viewer": None})  # error: [misc]
        one: Practice = self.rpc.call(practices.GET_MANY, asked)  # error: [assignment]
        return PracticeList(practices=[*found.practices, one], next_cursor=open_s)

    @answers(practices.DUPLICATES)  # error: [arg-type]
    def equals(self, request: SearchRequest) -> DuplicatesReply:
        """Take another request than the call's."""
        return DuplicatesReply(equals=[])

    @answers(cart.COUNT)  # error: [arg-type]
    def count(self, request: cart.CountRequest) -> int:
        """Answer with another reply than the call's."""
        return len(request.owner)

    @on_event(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx: Tx, event: Event[PaymentConfirmed]) -> None:
        """Read and emit."""
        event.data.amount_euro  # error: [attr-defined]  # noqa: B018
        event.data.amount_cents = event.data.amount_cents  # error: [misc]
        ended: PracticeEnded = event.data  # error: [assignment]
        tx.emit(PRACTICE_CANCELLED, ended, subject=event.subject, sequence=1, now=event.time)
        tx.emit(PRACTICE_CANCELLED, event.data, subject="", sequence=1, now=event.time)  # error: [misc]

    @on_event(PAYMENT_CONFIRMED)  # error: [arg-type]
    def on_payment_reported(self, tx: Tx, event: Event[PaymentReported]) -> None:
        """Handle another event than it says."""

    @every(seconds=60)  # error: [arg-type]
    def tidy(self, now: datetime) -> None:
        """Take what no timer gives."""
