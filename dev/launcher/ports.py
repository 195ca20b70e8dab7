"""The ports of a copy: those that were asked for, and free ones for its mail."""

import socket
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from dev.launcher.copy import Copy
from dev.problem import ProblemError

USUAL_MAIL_PORT: Final = 8090
USUAL_SMTP_PORT: Final = 8025
USUAL_NODE_PORT: Final = 8081


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


def with_node_port(copy: Copy) -> Copy:
    """Return the copy with a port for the node's process: the usual one where that is free, else any."""
    with _listen_somewhere(copy.host, 0, USUAL_NODE_PORT, "") as found:
        return replace(copy, node_port=found.getsockname()[1])


def _listen_somewhere(host: str, asked: int, usual: int, flag: str) -> socket.socket:
    if asked:
        return listen(host, asked, flag)
    try:
        return listen(host, usual, flag)
    except ProblemError:
        return listen(host, 0, flag)
