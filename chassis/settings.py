"""Settings every process has, from the environment. A service adds its own frozen dataclass in its settings.py."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

from environs import Env, EnvError, FileAwareEnv
from marshmallow.validate import OneOf, Range

DEFAULT_AMQP_URL: Final = "amqp://guest:guest@127.0.0.1:5672//"
DEFAULT_DATABASE_URL: Final = "postgresql+psycopg2://postgres@127.0.0.1:5432/portal"
DEFAULT_WATCHDOG_S: Final = 60.0
DEFAULT_PARITY_EVERY_S: Final = 300.0
DEFAULT_QUEUE_MAX_MESSAGES: Final = 1_000_000
DEFAULT_RETRY_DELAYS_S: Final = (5.0, 30.0, 300.0, 3_600.0)


@dataclass(frozen=True)
class ChassisSettings:
    """What the chassis itself needs.

    `watchdog_s` is how long the loop, a consumer or the relay may stand still before the process ends itself; 0: ever.
    `max_workers` is how many requests and events a service process works on at once, and the size of its database
    pool. `event_retry_delays_s` is the table a failing event handler is retried by before its dead letter.
    `parity_every_s`: so often a projection is proven against its source; 0: never.
    """

    amqp_url: str
    log_level: str
    metrics_port: int | None
    max_workers: int
    event_retry_delays_s: tuple[float, ...]
    stop_grace_s: float
    watchdog_s: float = DEFAULT_WATCHDOG_S
    parity_every_s: float = DEFAULT_PARITY_EVERY_S

    @classmethod
    def load(cls) -> "ChassisSettings":
        """Read the environment."""
        env = environment()
        QueueSettings.load()  # read where queues are declared; a wrong one must show at the start
        delays = env.list("EVENT_RETRY_DELAYS_S", list(DEFAULT_RETRY_DELAYS_S), subcast=float)
        return cls(
            amqp_url=amqp_url(env),
            log_level=env.str("LOG_LEVEL", "INFO").upper(),
            metrics_port=env.int("METRICS_PORT", None),
            max_workers=env.int("MAX_WORKERS", 10),
            event_retry_delays_s=tuple(delays),
            stop_grace_s=env.float("STOP_GRACE_S", 20.0),
            watchdog_s=env.float("WATCHDOG_S", DEFAULT_WATCHDOG_S),
            parity_every_s=env.float("PARITY_EVERY_S", DEFAULT_PARITY_EVERY_S, validate=Range(min=0)),
        )


def environment() -> Env:
    """Return the reader of this process's environment, the only one there is.

    `X_FILE`, the name of a file, stands in for any `X`, without the white space around what the file holds: so secrets
    need not stand in an environment that others may look at.
    """
    made = _Environment(strip_whitespace=True)
    if _watched:
        _watched[-1].append(made)
    return made


@contextmanager
def readers() -> Iterator[list[Env]]:
    """Collect the readers that are made meanwhile: what they have read can be looked at."""
    made: list[Env] = []
    _watched.append(made)
    try:
        yield made
    finally:
        _watched.remove(made)


_watched: Final[list[list[Env]]] = []


class _Environment(FileAwareEnv):
    """environs' own, whose every complaint is an EnvError: a process says it in one line, and does not start."""

    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            return super()._get_value(env_key, default)
        except EnvError:
            raise
        except (ValueError, OSError) as error:
            raise EnvError(f"{env_key}_FILE is not a file that can be read") from error


@dataclass(frozen=True)
class QueueSettings:
    """Of what kind the queues of events are, and how many messages each takes before it refuses more.

    `type` is `classic`, on one node, or `quorum`, on a majority of them.
    """

    type: str
    max_messages: int

    @classmethod
    def load(cls) -> "QueueSettings":
        """Read the environment."""
        env = environment()
        return cls(
            type=env.str("QUEUE_TYPE", "classic", validate=OneOf(["classic", "quorum"])),
            max_messages=env.int("QUEUE_MAX_MESSAGES", DEFAULT_QUEUE_MAX_MESSAGES, validate=Range(min=1)),
        )


def amqp_url(env: Env) -> str:
    """Return the broker's address, AMQP_PASSWORD put in where it names a user without a password.

    Of a cluster it is several, with `;` in between (chassis.messaging.addresses). Raises EnvError where there is none,
    or some are for TLS and some are not.
    """
    named = [one.strip() for one in env.str("AMQP_URL", DEFAULT_AMQP_URL).split(";") if one.strip()]
    if len({urlsplit(one).scheme for one in named}) != 1:
        raise EnvError("AMQP_URL needs one address, or several of one kind with ; in between")
    password = env.str("AMQP_PASSWORD", "")
    return ";".join(with_password(one, password) for one in named)


def amqp_ca_file() -> str | None:
    """Return the certificates that the broker's is proven by, None for the system's."""
    return environment().str("AMQP_CA_FILE", "") or None


def database_url(service: str) -> str:
    """Return the address of a service's database, as the environment says it.

    It is `<SERVICE>_DATABASE_URL` as it stands, else DATABASE_URL with `_<service>` put behind its database name;
    DATABASE_PASSWORD is put in where it names a user without a password. With DATABASE_CA_FILE the server must prove by
    TLS that it is the host of the address.
    """
    env = environment()
    own = env.str(f"{service.upper()}_DATABASE_URL", "")
    shared = env.str("DATABASE_URL", DEFAULT_DATABASE_URL)
    url = with_driver(own) if own else database_of(service, shared)
    url = with_password(url, env.str("DATABASE_PASSWORD", ""))
    return with_tls(url, env.str("DATABASE_CA_FILE", ""))


def database_of(service: str, url: str) -> str:
    """Put `_<service>` behind the database's name in an address."""
    address, question, options = url.partition("?")
    return with_driver(f"{address.rstrip('/')}_{service}{question}{options}")


def with_password(url: str, password: str) -> str:
    """Put a password into an address that names a user without one."""
    parts = urlsplit(url)
    if not password or not parts.username or parts.password is not None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{quote(password, safe='')}@{host}"))


def with_tls(url: str, ca_file: str) -> str:
    """Ask a PostgreSQL address for TLS with a proven host; one that says itself what it wants stays as it is.

    Raises EnvError where the file of certificates cannot be read.
    """
    if not ca_file or "sslmode" in parse_qs(urlsplit(url).query):
        return url
    if not Path(ca_file).is_file():
        raise EnvError("DATABASE_CA_FILE is not a file that can be read")
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}sslmode=verify-full&sslrootcert={quote(ca_file, safe='')}"


def with_driver(url: str) -> str:
    """Name psycopg2 in a PostgreSQL address: bare `postgresql://` means psycopg 3 to SQLAlchemy 2.1."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError(f"not a PostgreSQL address: {scheme}")
    return f"postgresql+psycopg2://{rest}"


if __name__ == "__main__":
    # This file is another module here than the one that the settings of services import.
    from chassis.settings_check import main

    sys.exit(main(sys.argv[1:]))
