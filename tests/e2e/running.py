"""The whole system in processes, as `./portal up --processes` starts it, with home, databases and ports of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import pytest
import requests
from kombu import Connection

T = TypeVar("T")
PROJECT: Final = Path(__file__).resolve().parents[2]
ENTITY: Final = "PM108"
CREDITOR: Final = "80012345676"
READY_S: Final = 150
STOP_S: Final = 40

# Short times: what takes minutes in life is over in seconds here. No rate limits, since all come from one address.
PACE: Final[Mapping[str, str]] = {
    "CHECKOUT_OPEN_S": "12",
    "PAYMENT_TOKEN_LIFE_S": "2",
    "SANDBOX_LATE_RECEIPT_S": "4",
    "SANDBOX_RETRY_DELAYS_S": "0.5,1",
    "EVENT_RETRY_DELAYS_S": "0.5,1,2,4,8",
    "FDR_FETCH_S": "0",
    "SEARCH_RATE": "10000/minute",
    "LOGIN_RATE": "10000/minute",
    "INSERTION_RATE": "10000/minute",
    "LOG_LEVEL": "INFO",
}


def until(check: Callable[[], T | None], *, timeout_s: float = 90, pause_s: float = 0.2, what: str = "it") -> T:
    """Repeat `check` until it returns something true, and return that."""
    end = time.monotonic() + timeout_s
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come within {timeout_s} s")
        time.sleep(pause_s)


class PortalCopy:
    """One running copy. `kill` ends a process as want of memory would; its supervisor starts it again.

    `without`: programs of the Procfile that are left out.
    """

    def __init__(self, home: Path, environment: Mapping[str, str], without: Sequence[str] = ()) -> None:
        self.home = home
        self._without = without
        self.port, self.spid_port, self.pagopa_port, self.mail_port = _free_ports(4)
        self.url = f"http://localhost:{self.port}"
        self.pagopa_url = f"http://localhost:{self.pagopa_port}"
        self.mail_url = f"http://localhost:{self.mail_port}"
        self._environment = {**os.environ, **PACE, **environment, "PYTHONPATH": str(PROJECT), "PATH": _path()}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def output_file(self) -> Path:
        """What the supervisor says."""
        return self.home.with_name(f"{self.home.name}.log")

    def setting(self, name: str) -> str:
        """What its processes find in their environment."""
        return self._environment[name]

    @property
    def beside_file(self) -> Path:
        """What processes say that `run` has started."""
        return self.output_file.with_suffix(".beside.log")

    def start(self) -> None:
        """Start and wait until the portal is up and the sample debts are in."""
        ports = ["--port", self.port, "--spid-port", self.spid_port, "--pagopa-port", self.pagopa_port]
        ports += ["--mail-port", self.mail_port]
        ports += [word for program in self._without for word in ("--scale", f"{program}=0")]
        with self.output_file.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dev.cli", "up", "--processes", "--home", str(self.home), *map(str, ports)],
                cwd=PROJECT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._is_up, timeout_s=READY_S, what="the portal")

    def _is_up(self) -> bool:
        assert self._process is not None
        output = self.output_file.read_text(errors="replace")
        if self._process.poll() is not None:
            pytest.fail(f"./portal up --processes ended with {self._process.returncode}:\n{output[-4000:]}")
        return "The portal is up." in output

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill(self, program: str) -> None:
        """`kill -9` the first process of a program of the Procfile, and wait for the one that takes its place."""
        pid = self.pids(program)[0]
        family = self.family(program)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(_lives, family)), what=f"the end of {program}")
        until(lambda: self.pids(program) not in ([], [pid]), timeout_s=40, what=f"a new {program}")

    def run(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start another process of the system beside those of the Procfile, with the same settings but those given."""
        secrets = json.loads((self.home / "secrets.json").read_text())
        key = secrets["checkout_subscription_key"]
        settings = {
            "CHECKOUT_URL": f"{self.pagopa_url}/checkout/ec/v2",
            "CHECKOUT_SUBSCRIPTION_KEY": key,
            "FDR_URL": f"{self.pagopa_url}/fdr-org/service/v1",
            "FDR_SUBSCRIPTION_KEY": key,
        }
        with self.beside_file.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env={**self._environment, **settings, **environment},
                stdout=subprocess.PIPE if "fetch-settlements" in arguments else log,
                stderr=log,
                text=True,
            )

    def consumers(self, queue: str) -> int:
        """How many processes listen to a queue."""
        with Connection(self._environment["AMQP_URL"]) as connection:
            return int(connection.default_channel.queue_declare(queue, passive=True).consumer_count)

    def node_call(self, action: str, inside: str, *, id_pa: str = CREDITOR) -> requests.Response:
        """Call the door as the node would; `inside` is what follows the head."""
        head = f"<idPA>{id_pa}</idPA><idBrokerPA>{id_pa}</idBrokerPA><idStation>{id_pa}_01</idStation>"
        root = f"{action}{'Request' if action.endswith('V2') else 'Req'}"
        envelope = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="http://pagopa-api.pagopa.gov.it/pa/'
            f'paForNode.xsd"><s:Body><p:{root}>{head}{inside}</p:{root}></s:Body></s:Envelope>'
        )
        headers = {"SOAPAction": action, "Content-Type": "text/xml"}
        return requests.post(f"{self.url}/pagopa/pa-for-node", data=envelope.encode(), headers=headers, timeout=30)

    def receipts_of(self, notice_number: str) -> list[dict[str, Any]]:
        """The receipts the node has made for a notice, one per beneficiary, with their delivery."""
        listed = requests.get(f"{self.pagopa_url}/sandbox/receipts", timeout=30).json()["receipts"]
        return [receipt for receipt in listed if receipt["notice_number"] == notice_number]

    def family(self, program: str) -> list[int]:
        """The processes of a program with their children: gunicorn's workers outlive their parent by a moment."""
        parents = self.pids(program)
        children = [Path(f"/proc/{pid}/task/{pid}/children").read_text().split() for pid in parents]
        return [*parents, *(int(child) for found in children for child in found)]

    def memory_mb(self, program: str) -> int:
        """The resident memory of the largest process of a program."""
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in self.family(program)]
        return max(int(status.split("VmRSS:")[1].split()[0]) for status in statuses) // 1024

    def pids(self, program: str) -> list[int]:
        """The living processes of a program."""
        known: dict[str, list[int]] = json.loads((self.home / "processes.json").read_text())
        return known[program]

    def wait_until_ready(self, timeout_s: float = 40) -> None:
        """Wait until every part says yes."""
        until(lambda: self.status() == 200, timeout_s=timeout_s, what="/status/ready")

    def status(self) -> int:
        """The HTTP status of /status/ready; 0 when nobody answers."""
        try:
            return requests.get(f"{self.url}/status/ready", timeout=10).status_code
        except requests.RequestException:
            return 0

    @property
    def api_key(self) -> str:
        """The entity's API key."""
        key: str = json.loads((self.home / "secrets.json").read_text())["api_key"]
        return key

    @property
    def first_import(self) -> dict[str, Any]:
        """The report of the sample debts."""
        report: dict[str, Any] = json.loads((self.home / "first-import.json").read_text())
        return report

    def api(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the JSON API with the entity's key."""
        headers = {"Authorization": f"Bearer {self.api_key}", **kwargs.pop("headers", {})}
        return requests.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=90, **kwargs)

    def put_debt(self, external_id: str, **changes: Any) -> dict[str, Any]:
        """Issue a debt of Mario Rossi as the entity's software would."""
        body = {
            "service_code": "TARI",
            "fiscal_code": "RSSMRA85T10A562S",
            "full_name": "Rossi Mario",
            "amount_cents": 2500,
            "description": f"Prova {external_id}",
            **changes,
        }
        answer = self.api("PUT", f"/creditors/{ENTITY}/debts/{external_id}", json=body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def pay_at_counter(self, notice_number: str, outcome: str = "paid") -> list[str]:
        """Pay a notice at a PSP; returns the ids of its receipts, none where our side would not have it."""
        wanted = {"creditor_fiscal_code": CREDITOR, "notice_number": notice_number, "outcome": outcome}
        answer = requests.post(f"{self.pagopa_url}/sandbox/payments", json=wanted, timeout=60)
        receipt_ids: list[str] = answer.json()["receipt_ids"] if answer.ok else []
        return receipt_ids

    def issue_many(self, count: int, service: str = "TARI", due: str = "") -> list[str]:
        """Issue debts by one file, as a body does; returns their notice numbers. `due` is an Italian date."""
        mark = uuid4().hex[:8]
        header = "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali"
        rows = [
            f"{mark}-{n};{service};RSSMRA85T10A562S;Rossi Mario;;Prova {n};{n + 1},00;{due};;" for n in range(count)
        ]
        content = "\n".join([header, *rows, ""]).encode()
        path = f"/creditors/{ENTITY}/imports"
        report = self.api("POST", path, data=content, headers={"Content-Type": "text/csv"}).json()
        assert report["accepted"] == count, report
        return [row["notice_number"] for row in report["rows"]]

    def events(self) -> list[dict[str, Any]]:
        """The whole feed of the entity's events."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = self.api("GET", "/events", params={"limit": "1000", **after}).json()
            found += page["items"]
            if not page["more"]:
                return found
            after = {"after": page["next_cursor"]}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _path() -> str:
    """The Procfiles say `python` and `gunicorn`: those of this environment, as ./portal sees to."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
