"""What an entity runs, and is asked for amounts: it answers as a test has it, and knows what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class EntitySoftware(ThreadingHTTPServer):
    """A server on a port of this machine. `answer` gives status and body to what was asked."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[tuple[Mapping[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @classmethod
    @contextmanager
    def running(cls, answer: Answer) -> Iterator["EntitySoftware"]:
        """Run one until the end of the block."""
        server = cls(answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
            server.server_close()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.server_port}/importo"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, EntitySoftware)
        self.server.asked.append((dict(self.headers), body))
        status, content = self.server.answer(json.loads(body))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


def says(cents: int) -> Answer:
    """Answer every question with the same amount."""
    return lambda _asked: (200, json.dumps({"amount_cents": cents}).encode())
