"""A running copy of the system: its addresses, its folder, its secrets, and the environment they make."""

import fcntl
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sandbox.run.paths import BUILD, ROOT, Home
from sandbox.run.problem import ProblemError
from sandbox.spid import setup as spid_setup

ENTITY_CODE: Final = "PM108"
USUAL_MAIL_PORT: Final = 8090
USUAL_SMTP_PORT: Final = 8025
SERVICES: Final = ("identity", "practices", "cart", "payments", "notices")
_SCOPES: Final = ("debts:write", "imports:write", "payments:read", "events:read", "settlements:write", "notices:print")


@dataclass(frozen=True)
class Copy:
    """What tells two copies on one machine apart. `host` is the address all ports are bound on.

    `mail_port` shows the mails and may be 0, `smtp_port` takes them: `with_mail_ports` finds free ones.
    """

    home: Home
    host: str
    port: int
    spid_port: int
    pagopa_port: int
    mail_port: int = 0
    smtp_port: int = 0

    @property
    def public_url(self) -> str:
        """The portal, as a browser reaches it. PUBLIC_URL in the environment wins."""
        return os.environ.get("PUBLIC_URL", f"http://localhost:{self.port}").rstrip("/")

    @property
    def spid_url(self) -> str:
        """The sandbox identity provider."""
        return os.environ.get("SANDBOX_SPID_URL", f"http://localhost:{self.spid_port}").rstrip("/")

    @property
    def pagopa_url(self) -> str:
        """The sandbox pagoPA."""
        return os.environ.get("SANDBOX_PAGOPA_URL", f"http://localhost:{self.pagopa_port}").rstrip("/")

    @property
    def mail_url(self) -> str:
        """The mails of the sandbox, to be read."""
        return os.environ.get("SANDBOX_MAIL_URL", f"http://localhost:{self.mail_port}").rstrip("/")

    @property
    def local_host(self) -> str:
        """This copy, as a program on this machine reaches it."""
        return "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound

    @property
    def local_url(self) -> str:
        """The portal, as a program on this machine reaches it."""
        return f"http://{self.local_host}:{self.port}"

    @property
    def ports(self) -> dict[str, int]:
        """Flag of the command line to its port."""
        return {"--port": self.port, "--spid-port": self.spid_port, "--pagopa-port": self.pagopa_port}


@contextmanager
def held(home: Home) -> Iterator[None]:
    """Hold a copy's folder for one run; raises ProblemError when another run has it."""
    home.create()
    with (home.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProblemError(
                f"A copy is already running in {home.folder}; stop it, or give this one another --home and ports."
            ) from None
        yield


def listen(host: str, port: int, flag: str) -> socket.socket:
    """Open a listening socket; raises ProblemError naming the flag that moves a taken port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ProblemError(
            f"Port {port} on {host} cannot be used ({error.strerror}); choose another with {flag}."
        ) from None
    listener.listen(128)
    return listener


def check_ports(copy: Copy) -> Copy:
    """Return the copy with ports for its mail. Raises ProblemError when a port is taken."""
    for flag, port in copy.ports.items():
        listen(copy.host, port, flag).close()
    settled, sockets = with_mail_ports(copy)
    for one in sockets:
        one.close()
    return settled


def with_mail_ports(copy: Copy) -> tuple[Copy, list[socket.socket]]:
    """Return the copy with its two ports of mail and their sockets, SMTP first.

    A port that nobody asked for must not be in the way of a second copy: it is the usual one where that is free, else
    any. Raises ProblemError when one that was asked for is taken.
    """
    with ExitStack() as opened:
        smtp = opened.enter_context(_listen_somewhere(copy.host, copy.smtp_port, USUAL_SMTP_PORT, "--smtp-port"))
        http = opened.enter_context(_listen_somewhere(copy.host, copy.mail_port, USUAL_MAIL_PORT, "--mail-port"))
        opened.pop_all()
    return replace(copy, smtp_port=smtp.getsockname()[1], mail_port=http.getsockname()[1]), [smtp, http]


def _listen_somewhere(host: str, asked: int, usual: int, flag: str) -> socket.socket:
    if asked:
        return listen(host, asked, flag)
    try:
        return listen(host, usual, flag)
    except ProblemError:
        return listen(host, 0, flag)


def environment(copy: Copy) -> dict[str, str]:
    """Make the settings of every process, and the keys and secrets behind them where they are missing.

    What the caller's environment already says about a setting wins, but for the broker and the database.
    """
    kept = _secrets(copy.home)
    spid = spid_setup.prepare(copy.home.spid, public_url=copy.public_url, idp_url=copy.spid_url)
    made = {
        **spid,
        "PUBLIC_URL": copy.public_url,
        "SANDBOX_SPID_URL": copy.spid_url,
        "SANDBOX_PAGOPA_URL": copy.pagopa_url,
        "SANDBOX_HOME": str(copy.home.peers),
        "SECRET_KEY": kept["secret_key"],
        "API_KEYS_FILE": str(_api_keys_file(copy.home, kept["api_key"])),
        "CHECKOUT_URL": f"{copy.pagopa_url}/checkout/ec/v2",
        "CHECKOUT_SUBSCRIPTION_KEY": kept["checkout_subscription_key"],
        "FDR_URL": f"{copy.pagopa_url}/fdr-org/service/v1",
        "FDR_SUBSCRIPTION_KEY": kept["checkout_subscription_key"],
        "STATIC_DIR": str(BUILD / "static"),
        "LOGOS_DIR": str(ROOT / "sandbox" / "data" / "logos"),
        "ENTITY_LOGOS_DIR": str(ROOT / "sandbox" / "data" / "logos"),
        "IDP_LOGOS_DIR": str(ROOT / "sandbox" / "spid" / "logos"),
        "PORTAL_NODE_URL": f"{copy.local_url}/pagopa/pa-for-node",
        "SANDBOX_SP_METADATA_URL": f"{copy.local_url}/spid/metadata",
        **_mail(copy),
    }
    return {**made, **{name: os.environ[name] for name in made if name in os.environ}}


def _mail(copy: Copy) -> dict[str, str]:
    """Make mail go to the sandbox, at any hour; where the caller names a server of his own, to that."""
    if "SMTP_HOST" in os.environ:
        return {}
    return {
        "SMTP_HOST": copy.local_host,
        "SMTP_PORT": str(copy.smtp_port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "Portale dei pagamenti <no-reply@conservatorio.example>",
        "MAIL_REMINDER_HOURS": "0-24",
    }


def api_key(home: Home) -> str:
    """The entity's API key, as its software would hold it."""
    return _secrets(home)["api_key"]


def _secrets(home: Home) -> dict[str, str]:
    file = home.folder / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in ("secret_key", "checkout_subscription_key", "api_key") if name not in kept]
    if missing:
        kept |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(file, json.dumps(kept, indent=2))
    return kept


def _api_keys_file(home: Home, key: str) -> Path:
    file = home.folder / "api_keys.json"
    row = {
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "entity_code": ENTITY_CODE,
        "scopes": list(_SCOPES),
        "name": "the entity's own software",
    }
    write_private(file, json.dumps([row], indent=2))
    return file


def write_private(file: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    draft = file.with_name(f"{file.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)
