"""payments' database and the stand-in for the archive of notices, without the rest of the system.

`World` puts positions as practices' events would, and looks at what the stand-in has.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from wsgiref.simple_server import make_server

import requests
import sqlalchemy as sa

from chassis.storage.database import Database
from contracts.codes import AmountCents, CreditorFiscalCode, NoticeNumber
from contracts.events.practices import PracticeEnded
from contracts.rpc import practices
from contracts.rpc.practices import ArchiveTerms
from contracts.shapes import Creditor, Subject, Transfer
from sandbox.pagopa.app import create_app
from sandbox.pagopa.settings import Settings as SandboxSettings
from services.payments.archive.bulk_client import BulkClient
from services.payments.archive.comparison import Comparison
from services.payments.archive.gpd_client import GpdClient
from services.payments.archive.loader import Loader, LoaderLimits
from services.payments.archive.pace import Limit, Pace
from services.payments.archive.sender import Sender
from services.payments.domain.positions import Change, PositionStatus
from services.payments.models import ArchivedNotice
from services.payments.settings import Settings
from services.payments.usecases import positions
from tests.conftest import PROJECT
from tests.integration.payments.conftest import QuietHandler, ThreadedServer

CF = CreditorFiscalCode("80012345676")
CREDITOR = Creditor(
    code="PM108",
    fiscal_code=CF,
    company_name="Conservatorio",
    office_name="Segreteria",
    broker_fiscal_code=CF,
    station_id=f"{CF}_01",
)
KEY = "a-subscription-key"
UNLIMITED = Limit(10_000, timedelta(seconds=1))
_BASES = iter(range(1, 10**9))


@contextmanager
def stand_in(folder: Path, **changes: Any) -> Iterator[str]:
    """Serve pagoPA's stand-in; the address."""
    settings = SandboxSettings(
        home=folder,
        url="http://localhost:8089",
        node_url="http://127.0.0.1:9/pagopa/pa-for-node",
        catalogue_file=PROJECT / "sandbox" / "data" / "catalogue.json",
        subscription_key=KEY,
        late_receipt_s=0.5,
        retry_delays_s=(0.5,),
        senders=1,
    )
    app = create_app(replace(settings, **changes))
    with make_server("127.0.0.1", 0, app, ThreadedServer, QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def settings_of(url: str) -> Settings:
    return replace(
        Settings.load(),
        aca_url=f"{url}/aca/debt-positions-service/v1",
        aca_bulk_url=f"{url}/upload/aca/debt-positions-service/v2",
        biz_events_url=f"{url}/bizevents/service/v1",
        aca_subscription_key=KEY,
        biz_events_subscription_key=KEY,
        aca_timeout_s=5.0,
    )


@dataclass
class World:
    """The two ends, and the clock of ours."""

    database: Database
    url: str
    ahead: timedelta = timedelta()
    sequences: dict[UUID, int] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pace(self, name: str, limit: Limit = UNLIMITED) -> Pace:
        return Pace(self.database, name, limit, self.now, self.stopping)

    def sender(self, *, key: str = KEY, limit: Limit = UNLIMITED, at_once: int = 8) -> Sender:
        settings = replace(settings_of(self.url), aca_subscription_key=key)
        return Sender(self.database, GpdClient(settings), self.pace("aca", limit), at_once=at_once)

    def loader(self, rows_from: int = 1, rows_max: int = 100_000) -> Loader:
        limits = LoaderLimits(rows_from, rows_max)
        return Loader(self.database, BulkClient(settings_of(self.url)), self.pace("aca-bulk"), limits)

    def comparison(self) -> Comparison:
        return Comparison(self.database, GpdClient(settings_of(self.url)), self.pace("aca"), timedelta(hours=24))

    def issue(self, **changes: Any) -> practices.Position:
        """Let practices tell of a new practice."""
        number = NoticeNumber.issue("01", next(_BASES))
        position = practices.Position(
            practice_id=uuid4(),
            sequence=1,
            creditor=CREDITOR,
            service_code="RETTA",
            origin="issued",
            notice_number=number,
            iuv=number.iuv,
            amount_cents=AmountCents(12_000),
            description="Retta di frequenza",
            debtor=Subject(entity_type="F", fiscal_code="RSSMRA80A01H501U", full_name="Mario Rossi"),
            transfers=[transfer_of(AmountCents(12_000))],
            due_date=date(2027, 6, 30),
            archive=ArchiveTerms(),
            created_at=self.now(),
        )
        return self.tell(replace(position, **changes))

    def amend(self, position: practices.Position, amount_cents: int, **changes: Any) -> practices.Position:
        amount = AmountCents(amount_cents)
        return self.tell(
            replace(
                position,
                sequence=position.sequence + 1,
                amount_cents=amount,
                transfers=[transfer_of(amount)],
                **changes,
            )
        )

    def tell(self, position: practices.Position) -> practices.Position:
        reply = practices.PositionReply(creditor=position.creditor, positions=[position])
        positions.learn(self.database, reply, self.now())
        return position

    def end(
        self, position: practices.Position, status: PositionStatus = PositionStatus.CANCELLED, reason: str = "annulled"
    ) -> None:
        ended = PracticeEnded(
            practice_id=position.practice_id,
            sequence=position.sequence + 1,
            entity_code=position.creditor.code,
            creditor_fiscal_code=position.creditor.fiscal_code,
            notice_number=position.notice_number,
            iuv=position.iuv,
            reason=reason,
            at=self.now(),
        )
        with self.database.transaction() as tx:
            positions._project(tx, [Change.of_end(ended, status)], self.now())

    def row(self, position: practices.Position) -> ArchivedNotice | None:
        with self.database.reading() as session:
            return session.get(ArchivedNotice, position.practice_id)

    def settled_row(self, position: practices.Position) -> ArchivedNotice:
        row = self.row(position)
        assert row is not None
        return row

    def remote(self, position: practices.Position) -> dict[str, Any] | None:
        """Return what the stand-in has of a position."""
        return self.remotes().get(position.notice_number)

    def remotes(self) -> dict[str, dict[str, Any]]:
        listed = requests.get(f"{self.url}/sandbox/archive", timeout=30).json()["positions"]
        return {one["paymentOption"][0]["nav"]: one for one in listed}

    def switch(self, **switches: Any) -> None:
        requests.post(f"{self.url}/sandbox/switches", json=switches, timeout=30).raise_for_status()

    def counts(self, api: str = "aca") -> tuple[int, int]:
        """Return how often a service was called, and how often too fast."""
        found = requests.get(f"{self.url}/sandbox/switches", timeout=30).json()
        return found["calls"][api], found["too_fast"][api]

    def run(self, work: Callable[[], object], *, times: int = 200) -> None:
        """Work until there is nothing to do."""
        for _ in range(times):
            if not work():
                return
        raise AssertionError("it never comes to rest")

    def send_all(self, sender: Sender) -> None:
        self.run(lambda: sender.send_batch(self.now()))

    def empty(self) -> None:
        with self.database.transaction() as tx:
            for table in ("archived_notices", "archive_files", "archive_creditors", "call_paces"):
                tx.session.execute(sa.text(f"DELETE FROM {table}"))


def transfer_of(amount_cents: AmountCents, category: str = "9/0601101TS/") -> Transfer:
    return Transfer(
        id_transfer=1,
        amount_cents=amount_cents,
        fiscal_code=CF,
        company_name="Conservatorio",
        iban="IT60X0542811101000000123456",
        remittance_information="Retta di frequenza",
        category=category,
    )
