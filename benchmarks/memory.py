"""Memory at rest of all processes, services and what works beside them as one family, beside all apart; starts.

The sum of their proportional memory (PSS) once all have answered and been quiet, children included; pages that
processes share count once. A start is the processor time until the process is ready, that of its children included:
it does not depend on what else the machine does.
"""

import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Final

import requests
import sqlalchemy as sa
from honcho.environ import parse_procfile

from benchmarks.harness import program, world
from benchmarks.harness.figures import Figure
from benchmarks.harness.turns import processor_s, pss_mb
from chassis import settings
from chassis.messaging.rpc_client import RpcClient
from chassis.storage import outbox
from contracts.call import Call
from contracts.shapes import Empty
from dev.launcher.copy import SERVICES
from dev.paths import ROOT
from services.payments import outbound

QUIET_S: Final = 3.0


def processes() -> dict[str, str]:
    """Return the Procfile's processes, with one relay for all services in place of one for each.

    Webhooks and the entities' router are measured among what works in the background: nobody can ask them anything.
    """
    found: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
    apart = {name: command for name, command in found.items() if not name.endswith(("-relay", "-webhooks", "-router"))}
    return {**apart, "relay": "exec python -m chassis.relay all"}


def together(programs: Mapping[str, str]) -> dict[str, str]:
    """Return the same with the services, and what works beside them, as one family."""
    doors = {name: programs[name] for name in ("gateway", "node")}
    return {"family": "exec python -m chassis.family", **doors}


def is_connected(env: Mapping[str, str], service: str, application_name: str) -> bool:
    """Return whether a program has a connection to a service's database."""
    connected = "SELECT 1 FROM pg_stat_activity WHERE application_name = :name AND datname = :database"
    url = sa.make_url(settings.database_of(service, env["DATABASE_URL"]))
    engine = sa.create_engine(url.set(database="postgres"))
    with engine.connect() as connection:
        found = connection.execute(sa.text(connected), {"name": application_name, "database": url.database}).first()
    engine.dispose()
    return found is not None


def is_ready(env: Mapping[str, str], name: str, ports: Mapping[str, int]) -> bool:
    """Return whether a process of the Procfile is at work."""
    if name in ports:
        return requests.get(f"http://127.0.0.1:{ports[name]}/status/live", timeout=5).ok
    if name == "family":
        return all(is_ready(env, part, ports) for part in ("services", "relay", outbound.NAME))
    if name == "relay":
        return all(is_connected(env, service, f"{service}-relay") for service in outbox.emitting_services())
    if name == outbound.NAME:
        return is_connected(env, "payments", outbound.NAME)
    client = RpcClient(env["AMQP_URL"])
    try:
        for service in SERVICES if name == "services" else [name]:
            client.call(Call(service, "ping", Empty, Empty, idempotent=True, timeout_s=5), Empty())
    finally:
        client.close()
    return True


def measure(rounds: int) -> list[Figure]:
    """Measure: all beside each other once, then the starts one after the other."""
    with world.environment() as env:
        world.databases_made_anew(env)
        ports = {name: world.free_port() for name in ("gateway", "node")}
        env |= {"PORT": str(ports["gateway"]), "NODE_PORT": str(ports["node"])}
        programs = processes()
        for name, command in programs.items():
            start_s(env, name, command, ports)  # compiles what is not compiled yet
        starts = {
            name: [start_s(env, name, command, ports) for _ in range(rounds)] for name, command in programs.items()
        }
        family = memory(env, together(programs), ports)
        apart = memory(env, programs, ports)
    medians = {name: statistics.median(found) for name, found in starts.items()}
    return [
        Figure(name="all processes", value=sum(family.values()), unit="MB PSS", at_most=400),
        *(Figure(name=f"{name}, at rest", value=value, unit="MB PSS") for name, value in family.items()),
        Figure(name="services apart", value=sum(apart.values()), unit="MB PSS"),
        *(Figure(name=f"{name}, apart", value=apart[name], unit="MB PSS") for name in SERVICES),
        Figure(name="longest start", value=max(medians.values()), unit="s of processor", at_most=1.0),
        *(Figure(name=f"start of {name}", value=took, unit="s of processor") for name, took in medians.items()),
    ]


def memory(env: Mapping[str, str], programs: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, float]:
    """Start all, wait until they have been quiet, and return their memory in megabytes."""
    with ExitStack() as running:
        started = {name: running.enter_context(world.shell(env, command)) for name, command in programs.items()}
        for name in programs:
            world.wait_for(partial(is_ready, env, name, ports), name, within_s=120)
        quiet([process.pid for process in started.values()])
        return {name: sum(pss_mb([process.pid]).values()) for name, process in started.items()}


def quiet(pids: list[int]) -> None:
    """Wait until processes, children included, have each used next to no processor for a while."""
    while True:
        used_s = processor_s(pids)
        time.sleep(QUIET_S)
        if processor_s(pids) - used_s < QUIET_S * 0.1 * len(pids):
            return


def start_s(env: Mapping[str, str], name: str, command: str, ports: Mapping[str, int]) -> float:
    """Return the processor time of a start, until the process is at work."""
    with world.shell(env, command) as process:
        world.wait_for(partial(is_ready, env, name, ports), name)
        return processor_s([process.pid])


if __name__ == "__main__":
    program.main(measure, rounds=3)
