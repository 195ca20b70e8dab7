"""Prometheus metrics of a process, on METRICS_PORT where that is set."""

from typing import Final

from environs.exceptions import EnvError
from prometheus_client import Counter, Gauge, Histogram, start_http_server

RPC_SERVED_SECONDS: Final = Histogram("rpc_served_seconds", "RPC requests answered", ["method", "outcome"])
RPC_CALLED_SECONDS: Final = Histogram("rpc_called_seconds", "RPC requests made", ["method", "outcome"])
EVENTS_HANDLED: Final = Counter("events_handled_total", "Events handled", ["consumer", "outcome"])
INBOX_DUPLICATES: Final = Counter("inbox_duplicates_total", "Events that had come before", ["consumer"])
EVENT_RETRIES: Final = Counter("event_retries_total", "Events put off to be tried again", ["consumer"])
DEAD_LETTERS: Final = Counter("dead_letters_total", "Events given up on until replayed", ["consumer"])
DEAD_LETTERS_SETTLED: Final = Counter(
    "dead_letters_settled_total", "Events given up on that somebody replayed or dropped", ["consumer", "how"]
)
OUTBOX_RELAYED: Final = Counter("outbox_relayed_total", "Events published and confirmed", ["service"])
OUTBOX_UNROUTED: Final = Counter("outbox_unrouted_total", "Events no queue was bound for", ["service", "type"])
OUTBOX_REFUSED: Final = Counter("outbox_refused_total", "Batches of events that a full queue refused", ["service"])
EVENTS_COPIED: Final = Counter("events_copied_total", "Events copied to the exchange of an entity")
OUTBOX_DEPTH: Final = Gauge("outbox_depth", "Events waiting to be published", ["service"])
OUTBOX_LAG_SECONDS: Final = Gauge("outbox_lag_seconds", "Age of the oldest event waiting", ["service"])
CLOCK_OFFSET_SECONDS: Final = Gauge("clock_offset_seconds", "How far this clock is ahead of the database's")
PARITY_DIVERGENCES: Final = Counter(
    "parity_divergences_total", "What a projection had otherwise than its source", ["projection", "entity"]
)
PARITY_UNREPAIRED: Final = Counter(
    "parity_unrepaired_total", "What it still had otherwise after it was told again", ["projection", "entity"]
)
PARITY_CHECKED_AGE_SECONDS: Final = Gauge(
    "parity_checked_age_seconds", "Since when a projection has not been proven", ["projection"]
)


def serve(port: int | None) -> int | None:
    """Answer Prometheus on `port`, on any free one where that is 0, or on none; return which.

    Raises EnvError where the port cannot be used: two processes of a machine cannot share one.
    """
    if port is None:
        return None
    try:
        server, _ = start_http_server(port)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise EnvError(
            f"METRICS_PORT: {port} cannot be used ({reason}); each process of a machine needs one of its own, "
            "0 takes any that is free"
        ) from None
    return int(server.server_port)
