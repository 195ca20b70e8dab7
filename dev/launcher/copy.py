"""A running copy of the system: its addresses and its folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from dev.paths import Home
from dev.problem import ProblemError

ENTITY_CODE: Final = "PM108"
COMUNE_CODE: Final = "BORGO"
SERVICES: Final = ("identity", "practices", "cart", "payments", "notices")


@dataclass(frozen=True)
class Copy:
    """What tells two copies on one machine apart. `host` is the address all ports are bound on.

    `mail_port` shows the mails and may be 0, `smtp_port` takes them: `with_mail_ports` finds free ones. `node_port` is
    that of the node's own process; 0 where the portal's answers the node too.
    """

    home: Home
    host: str
    port: int
    spid_port: int
    pagopa_port: int
    mail_port: int = 0
    smtp_port: int = 0
    node_port: int = 0

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
    def node_url(self) -> str:
        """The process that answers the node, as a program on this machine reaches it."""
        return f"http://{self.local_host}:{self.node_port or self.port}"

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
