"""A body's own software: an address that is sent webhooks, and a queue that is bound to its exchange."""

import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from kombu import Connection

from tests.e2e.running import ENTITY, PortalCopy, until
from tests.faults.paying import NEVER_S

CONFIRMED: Final = "PaymentConfirmed.v1"
QUEUE: Final = f"{ENTITY}.faults"


class Quiet(ThreadingHTTPServer):
    """Says nothing of a line that was cut."""

    def handle_error(self, *_: Any) -> None:
        """Whoever was killed leaves its lines open."""


@contextmanager
def webhook(portal: PortalCopy, certificate: Path) -> Iterator[Counter[str]]:
    """An address of the body's that takes whatever comes: how often each event did, by its id."""
    heard: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard[self.headers["webhook-id"]] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        body = {"url": f"https://127.0.0.1:{server.server_port}/", "types": [CONFIRMED]}
        made = portal.api("POST", f"/creditors/{ENTITY}/webhooks", json=body)
        assert made.status_code == 201, made.text
        yield heard
        portal.api("DELETE", f"/creditors/{ENTITY}/webhooks/{made.json()['id']}")
        server.shutdown()


@contextmanager
def own_queue(amqp_url: str) -> Iterator[None]:
    """The body's queue, bound to all that its exchange has."""
    with Connection(amqp_url) as connection:
        channel = connection.default_channel
        channel.exchange_declare(f"{ENTITY}.events", "topic", durable=True, auto_delete=False)
        channel.queue_declare(QUEUE, durable=True, auto_delete=False)
        channel.queue_bind(QUEUE, f"{ENTITY}.events", CONFIRMED)
    yield
    with Connection(amqp_url) as connection:
        connection.default_channel.queue_delete(QUEUE)


def read_queue(amqp_url: str, heard: Counter[str]) -> None:
    """Take what waits in the body's queue."""
    with Connection(amqp_url) as connection:
        while (message := connection.default_channel.basic_get(QUEUE, no_ack=True)) is not None:
            heard[json.loads(message.body)["id"]] += 1


def told_of(portal: PortalCopy, notices: list[str]) -> set[str]:
    """The events of the feed that say that these were paid, by id."""
    return {
        one["id"]
        for one in portal.events()
        if one["type"] == CONFIRMED and one["data"]["notice_number"] in set(notices)
    }


def wait_until_heard(wanted: set[str], amqp_url: str, by_webhook: Counter[str]) -> str:
    """Wait until the body's software has all of them by both ways; say how often something came again."""
    by_queue: Counter[str] = Counter()

    def has_all() -> bool:
        read_queue(amqp_url, by_queue)
        return wanted <= set(by_webhook) & set(by_queue)

    until(has_all, timeout_s=NEVER_S, what="every event at the body's software")
    again = [sum(count - 1 for event, count in heard.items() if event in wanted) for heard in (by_webhook, by_queue)]
    return f"{len(wanted)} events heard, none lost; again by webhook: {again[0]}, in the queue: {again[1]}"
