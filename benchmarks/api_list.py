"""The API's list of 20 practices for 16 keep-alive clients, against the same application without the bus.

Ours: the gateway, identity and practices, a process each, on one worker of gunicorn. The baseline: the same gateway,
whose calls run the services' methods in the web process. wrk asks. Processor time is of all our processes, without
broker and database.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, Final
from uuid import uuid4

import requests

from benchmarks.harness import filled, program, world, wrk
from benchmarks.harness.figures import Figure, compared
from benchmarks.harness.turns import taken
from chassis import clock, settings
from chassis.storage.database import Database
from contracts.rpc import identity
from services.identity import domain
from services.identity import models as identity_models
from services.identity.settings import Settings as IdentitySettings
from services.identity.usecases import privacy
from services.practices import models as practices_models

MODULE: Final = "benchmarks.api_list"
ROWS: Final = 20
CLIENTS: Final = 16
PATH: Final = f"/api/v1/creditors/{filled.ENTITY}/practices"
TOKEN: Final = "t" * 43
HEADERS: Final = {"Cookie": f"session={TOKEN}", "Accept": "application/json"}


def in_process() -> Any:
    """Make the baseline's application, for gunicorn."""
    from benchmarks.harness.in_process import InProcess  # noqa: PLC0415 -- in the baseline's process alone
    from chassis import logs  # noqa: PLC0415 -- as above
    from gateway.app import create_app  # noqa: PLC0415 -- as above
    from gateway.settings import Settings  # noqa: PLC0415 -- as above

    logs.configure("gateway", os.environ["LOG_LEVEL"])
    return create_app(Settings.load(), InProcess("identity", "practices"))


def log_in() -> None:
    """Write a registered citizen with a session."""
    now = clock.now()
    database = Database.of_service("identity", identity_models)
    loaded = IdentitySettings.load()
    with database.transaction() as tx:
        citizen = identity_models.Citizen(
            id=uuid4(), fiscal_code=filled.DEBTOR, name="Mario", family_name="Rossi", created_at=now
        )
        tx.session.add(citizen)
        tx.session.flush()
        session = identity_models.CitizenSession(
            id=uuid4(),
            token_sha256=hashlib.sha256(TOKEN.encode()).digest(),
            citizen_id=citizen.id,
            level=2,
            idp_entity_id="https://idp.example",
            name_id="bench",
            created_at=now,
            seen_at=now,
        )
        tx.session.add(session)
    notice = domain.in_force(loaded.documents, now)[domain.REGISTRATION]
    privacy.register(database, loaded, identity.RegisterRequest(session_token=TOKEN, document_id=notice.id), now)
    database.close()


def fill(env: Mapping[str, str], rows: int = 200) -> None:
    """Make the databases with a citizen and so many practices of theirs."""
    world.databases_made_anew(env, ("identity", "practices"))
    world.run(env, "-m", MODULE, "--role", "log-in")
    practices = Database(settings.database_of("practices", env["DATABASE_URL"]), practices_models)
    filled.add_practices(practices, rows)
    filled.analyse(practices)
    practices.close()


def has_rows(port: int, rows: int = ROWS) -> bool:
    """Return whether a door answers with so many rows."""
    answer = requests.get(f"http://127.0.0.1:{port}{PATH}?limit={rows}", headers=HEADERS, timeout=10)
    return len(answer.json()["items"]) == rows


def measure(rounds: int) -> list[Figure]:
    """Measure."""
    with world.environment() as env, ExitStack() as running:
        fill(env)
        start = running.enter_context
        ports = {"bus": world.free_port(), "direct": world.free_port()}
        ours = [start(world.process(env, "-m", "chassis.run", name)).pid for name in ("identity", "practices")]
        ours += [start(world.process(env, *world.gunicorn("gateway.wsgi:application", ports["bus"]))).pid]
        direct = [start(world.process(env, *world.gunicorn(f"{MODULE}:in_process()", ports["direct"]))).pid]
        for port in ports.values():
            world.wait_for(partial(has_rows, port), "the list")
        sides = taken(
            {
                name: partial(
                    wrk.turn,
                    f"http://127.0.0.1:{ports[name]}{PATH}?limit={ROWS}",
                    pids,
                    clients=CLIENTS,
                    headers=HEADERS,
                )
                for name, pids in (("bus", ours), ("direct", direct))
            },
            rounds,
        )
    return compared(sides["bus"], sides["direct"], "list", ratio=0.75, processor_ms=10)


if __name__ == "__main__":
    program.main(measure, roles={"log-in": log_in})
