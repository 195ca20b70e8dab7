"""Run this peer alone: `python -m sandbox.pagopa PORT` (settings from the environment)."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from sandbox.pagopa.app import create_app
from sandbox.pagopa.settings import Settings


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing: addresses hold notice numbers."""


def main(arguments: list[str]) -> int:
    """Serve until interrupted."""
    if len(arguments) != 1 or not arguments[0].isdecimal():
        sys.stderr.write("usage: python -m sandbox.pagopa PORT\n")
        return 2
    app = create_app(Settings.load())
    with make_server("127.0.0.1", int(arguments[0]), app, _Server, _Quiet) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
