"""Run the mail of the sandbox: `python -m sandbox.mail` (or `--fds SMTP HTTP`, two sockets that are open already).

Settings: SANDBOX_HOME, the folder to store mails in; HOST, MAILBOX_PORT (8025, SMTP) and MAIL_PORT (8090, the page).
With `--fds` it ends with its standard input, hence with whoever started it.
"""

import os
import socket
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from sandbox.mail import smtp_server
from sandbox.mail.app import create_app
from sandbox.mail.mailbox import Mailbox
from sandbox.mail.smtp_handler import MailboxHandler


class _Server(ThreadingMixIn, WSGIServer):
    """Serves on a socket that is open already."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, listener: socket.socket, app: Any) -> None:
        super().__init__(listener.getsockname()[:2], _Quiet, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = "localhost", listener.getsockname()[1]
        self.setup_environ()
        self.set_app(app)
        self.server_activate()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def main(arguments: list[str]) -> int:
    """Serve until interrupted."""
    match arguments:
        case []:
            smtp, http = _listener("MAILBOX_PORT", 8025), _listener("MAIL_PORT", 8090)
        case ["--fds", smtp_number, http_number]:
            smtp, http = socket.socket(fileno=int(smtp_number)), socket.socket(fileno=int(http_number))
            threading.Thread(target=_end_with_input, daemon=True).start()
        case _:
            sys.stderr.write("usage: python -m sandbox.mail [--fds SMTP HTTP]\n")
            return 2
    mailbox = Mailbox(Path(os.environ["SANDBOX_HOME"]) / "mail")
    with smtp_server.serving(smtp, MailboxHandler(mailbox)), _Server(http, create_app(mailbox)) as server:
        server.serve_forever()
    return 0


def _listener(name: str, usual_port: int) -> socket.socket:
    return socket.create_server((os.environ.get("HOST", "127.0.0.1"), int(os.environ.get(name, usual_port))))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
