"""Nodes of RabbitMQ on this machine: names, ports, folders, cookie and port mapper of their own.

A partition is made as Erlang's own rules allow it: the node is told another cookie for each of its peers and hangs up.
Neither side can shake hands with the other until it is told the right one again. No rights of root are needed for it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dev.ticks import ticks
from tests.integration.chassis.own_servers import folder_of, free_ports

NAMES = ("one", "two", "three")
COOKIE = "of-these-nodes-alone"
START_S = 180
_PROGRAMS = "/usr/lib/rabbitmq/lib"
# What RabbitMQ 4.3 refuses by default; from 3.12 on it can be told to.
_REFUSING = """deprecated_features.permit.transient_nonexcl_queues = false
deprecated_features.permit.global_qos = false
"""
_REFUSES_FROM = (3, 12)
_CONFIG = """listeners.tcp.default = 127.0.0.1:{port}
cluster_partition_handling = pause_minority
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.randomized_startup_delay_range.min = 0
cluster_formation.randomized_startup_delay_range.max = 1
log.file = false
log.console = true
log.console.level = info
"""


@dataclass
class Node:
    """One of them. `name` is the Erlang node's; `folder` has its data, and what it printed."""

    name: str
    port: int
    folder: Path
    environment: dict[str, str]
    programs: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start it; `wait_until_running` says when it is there."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [self.programs / "rabbitmq-server"],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9, of the script and of the Erlang machine that it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl on it and return what it printed; empty where it failed."""
        done = subprocess.run(
            [self.programs / "rabbitmqctl", "-q", "-n", self.name, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def wait_until_running(self, nodes: int) -> None:
        """Return when it sees so many nodes run, itself among them."""
        counting = "length([N || N <- rabbit_mnesia:cluster_nodes(running), rabbit:is_running(N)])."
        for _ in ticks(START_S, every_s=0.5):
            assert self.process is not None
            assert self.process.poll() is None, self.output()
            if self.control("eval", counting) == str(nodes):
                return
        pytest.fail(f"{self.name} does not see {nodes} nodes: {self.output()}")

    def output(self) -> str:
        return (self.folder / "output").read_text()[-3_000:]


@dataclass
class RabbitCluster:
    """The nodes."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def amqp_url(self) -> str:
        """The address of each, as AMQP_URL takes them."""
        return ";".join(node.url for node in self.nodes)

    def cut_off(self, node: Node) -> None:
        """Let a node and its peers see nothing of each other."""
        done = node.control("eval", "[{erlang:set_cookie(N, cut_off), erlang:disconnect_node(N)} || N <- nodes()].")
        assert done, node.output()

    def join_again(self, node: Node) -> None:
        """Let them see each other."""
        peers = ", ".join(f"'{other.name}'" for other in self.nodes if other is not node)
        done = node.control("eval", f"[erlang:set_cookie(N, '{COOKIE}') || N <- [{peers}]].")
        assert done, node.output()

    def leaders(self) -> dict[str, int]:
        """Return how many quorum queues are led by which node."""
        told = next(filter(None, (node.control("list_queues", "type", "leader") for node in self.nodes)), "")
        led = [line.split("\t")[1] for line in told.splitlines() if line.startswith("quorum\t")]
        return {node.name: led.count(node.name) for node in self.nodes}


def programs() -> Path:
    """Return the folder of RabbitMQ's programs. Skips where there are none."""
    found = sorted(Path(_PROGRAMS).glob("rabbitmq_server-*/sbin"))
    if not found:
        pytest.skip("the test needs what Debian calls rabbitmq-server")
    return found[-1]


def version() -> tuple[int, ...]:
    """Return RabbitMQ's version, from the name of its folder."""
    return tuple(int(part) for part in programs().parent.name.rpartition("-")[2].split(".")[:3])


@contextmanager
def rabbit_cluster(count: int = len(NAMES)) -> Iterator[RabbitCluster]:
    """Run up to three nodes that have found each other; all are killed in the end."""
    mapper_port, *ports = free_ports(1 + 2 * count)
    with folder_of("rabbitmq") as folder, _port_mapper(mapper_port):
        cookie = folder / ".erlang.cookie"
        cookie.write_text(COOKIE)
        cookie.chmod(0o400)
        names = [f"portal-{mapper_port}-{name}@localhost" for name in NAMES[:count]]
        cluster = RabbitCluster(
            [
                _node(folder, name, names, port, distribution, mapper_port)
                for name, port, distribution in zip(names, ports[::2], ports[1::2], strict=True)
            ]
        )
        try:
            for running, node in enumerate(cluster.nodes, start=1):
                node.start()
                node.wait_until_running(running)
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()


@contextmanager
def _port_mapper(port: int) -> Iterator[None]:
    program = shutil.which("epmd")
    assert program, "Erlang has it"
    mapper = subprocess.Popen([program, "-address", "127.0.0.1", "-port", str(port)])
    try:
        yield
    finally:
        mapper.terminate()
        mapper.wait(60)


def _node(folder: Path, name: str, names: Sequence[str], port: int, distribution_port: int, mapper_port: int) -> Node:
    own = folder / name.partition("@")[0]
    own.mkdir()
    peers = "".join(f"cluster_formation.classic_config.nodes.{at} = {one}\n" for at, one in enumerate(names, start=1))
    refusing = _REFUSING if version() >= _REFUSES_FROM else ""
    (own / "rabbitmq.conf").write_text(_CONFIG.format(port=port) + peers + refusing)
    (own / "enabled_plugins").write_text("[].\n")
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(mapper_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": name,
        "RABBITMQ_MNESIA_BASE": str(own / "mnesia"),
        "RABBITMQ_LOG_BASE": str(own / "log"),
        "RABBITMQ_CONFIG_FILE": str(own / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(own / "enabled_plugins"),
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }
    return Node(name, port, own, environment, programs())
