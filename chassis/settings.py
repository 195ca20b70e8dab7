"""Settings every process has, from the environment. A service adds its own frozen dataclass in its settings.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from environs import Env

DEFAULT_AMQP_URL: Final = "amqp://guest:guest@127.0.0.1:5672//"
DEFAULT_DATABASE_URL: Final = "postgresql+psycopg2://postgres@127.0.0.1:5432/portal"
DEFAULT_WATCHDOG_S: Final = 60.0
DEFAULT_RETRY_DELAYS_S: Final = (5.0, 30.0, 300.0, 3_600.0)


@dataclass(frozen=True)
class ChassisSettings:
    """What the chassis itself needs.

    `watchdog_s` is how long the loop, a consumer or the relay may stand still before the process ends itself; 0: ever.
    `max_workers` is how many requests and events a service process works on at once, and the size of its database
    pool. `event_retry_delays_s` is the table a failing event handler is retried by before its dead letter.
    """

    amqp_url: str
    log_level: str
    metrics_port: int | None
    max_workers: int
    event_retry_delays_s: tuple[float, ...]
    stop_grace_s: float
    watchdog_s: float = DEFAULT_WATCHDOG_S

    @classmethod
    def load(cls) -> "ChassisSettings":
        """Read the environment."""
        env = Env()
        delays = env.list("EVENT_RETRY_DELAYS_S", list(DEFAULT_RETRY_DELAYS_S), subcast=float)
        return cls(
            amqp_url=env.str("AMQP_URL", DEFAULT_AMQP_URL),
            log_level=env.str("LOG_LEVEL", "INFO").upper(),
            metrics_port=env.int("METRICS_PORT", None),
            max_workers=env.int("MAX_WORKERS", 10),
            event_retry_delays_s=tuple(delays),
            stop_grace_s=env.float("STOP_GRACE_S", 20.0),
            watchdog_s=env.float("WATCHDOG_S", DEFAULT_WATCHDOG_S),
        )


def database_url(service: str, env: Mapping[str, str]) -> str:
    """Return the address of a service's database.

    It is `<SERVICE>_DATABASE_URL` as it stands, else DATABASE_URL with `_<service>` put behind its database name.
    The driver is always psycopg2, the one that eventlet makes green.
    """
    own = env.get(f"{service.upper()}_DATABASE_URL")
    if own:
        return with_driver(own)
    address, question, options = env.get("DATABASE_URL", DEFAULT_DATABASE_URL).partition("?")
    return with_driver(f"{address.rstrip('/')}_{service}{question}{options}")


def with_driver(url: str) -> str:
    """Name psycopg2 in a PostgreSQL address: bare `postgresql://` means psycopg 3 to SQLAlchemy 2.1."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError(f"not a PostgreSQL address: {scheme}")
    return f"postgresql+psycopg2://{rest}"
