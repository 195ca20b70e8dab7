"""All services and what works beside them as one family of processes, on a real broker and databases."""

import os
import signal
from uuid import uuid4

import pytest

from benchmarks.harness.world import free_port
from chassis.clock import now
from chassis.runtime.topology import service_names
from contracts.call import Call
from contracts.shapes import Empty
from dev.launcher.copy import Copy
from dev.launcher.environment import environment as settings_of
from dev.paths import Home

BESIDE = [
    *("identity-relay", "notices-relay", "payments-relay", "practices-relay"),
    *("payments-outbound", "payments-webhooks"),
]


@pytest.fixture
def family(environment, service_database, start_process, tmp_path):
    """The running family, on migrated databases and with keys of its own."""
    for name in service_names():
        service_database(name)
    home = Home(tmp_path / "home")
    home.create()
    copy = Copy(home, "127.0.0.1", free_port(), free_port(), free_port(), smtp_port=free_port())
    return start_process("-m", "chassis.family", env={**settings_of(copy), **environment})


def test_all_services_answer_and_all_that_works_beside_them_runs(family, rpc, eventually):
    (started,) = eventually(lambda: family.lines("background_started"))
    assert started["parts"] == BESIDE
    eventually(lambda: len(family.lines("service_started")) == len(service_names()))
    for name in service_names():
        rpc.call(Call(name, "ping", Empty, Empty, idempotent=True, timeout_s=90), Empty())
    assert family.stop() == 0
    assert {line["part"] for line in family.lines("background_ended")} == set(BESIDE)
    assert {line["service"] for line in family.lines("service_stopped")} == set(service_names())


def test_what_works_beside_the_services_is_started_anew_alone(family, eventually):
    eventually(lambda: family.lines("background_started"))
    eventually(lambda: len(family.lines("service_started")) == len(service_names()))
    os.kill(family.lines("background_started")[0]["pid"], signal.SIGKILL)
    eventually(lambda: len(family.lines("background_started")) == 2)
    assert len(family.lines("service_started")) == len(service_names())


def test_events_leave_every_outbox(family, service_database, eventually):
    databases = [service_database(name) for name in ("identity", "notices", "payments", "practices")]
    for database in databases:
        with database.transaction() as tx:
            tx.session.add(
                database.models.OutboxMessage(event_id=uuid4(), type="x.v1", subject="x", body={}, created_at=now())
            )

    def waiting() -> int:
        found = 0
        for database in databases:
            with database.reading() as session:
                model = database.models.OutboxMessage
                found += session.query(model).filter(model.relayed_at.is_(None)).count()
        return found

    eventually(lambda: waiting() == 0)
