"""One POST to an address that somebody else chose: over TLS, to public addresses alone, and with an end.

The host is resolved now, every address it has must be public, and the connection goes to the address that was looked
at: what the name means a moment later does not count. Redirects are answers like any other, and not followed.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import SplitResult, urlsplit

from environs import EnvError

_ANSWER_READ_BYTES: Final = 16 * 1024
_PORTS: Final = {"https": 443, "http": 80}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the status, or why there is none that counts, and the beginning of the answer's body."""

    status: int | None
    problem: str | None
    duration_ms: int
    body: bytes = b""

    @property
    def is_good(self) -> bool:
        """Return whether it was answered with any 2xx."""
        return self.problem is None and self.status is not None and 200 <= self.status < 300


def networks(setting: str, named: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that a setting names. Raises EnvError."""
    try:
        return tuple(ipaddress.ip_network(network) for network in named)
    except ValueError as error:
        raise EnvError(f"{setting}: {error}") from None


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
    allowed: Sequence[Network],
    plain_inside: bool = False,
) -> Posted:
    """Send and return what was answered; it takes no longer than `timeout_s`, however slowly the other side speaks.

    `allowed` are networks that count as public. `plain_inside`: addresses in them, and no others, may be spoken to
    without TLS. Never raises: a problem is part of the answer. Looking the name up is not within the time: who must not
    wait for that calls it in a thread.
    """
    began = monotonic()
    parts = urlsplit(url)
    if parts.scheme not in ({"https", "http"} if plain_inside else {"https"}) or not parts.hostname:
        return Posted(None, "not_https", 0)
    try:
        port = parts.port or _PORTS[parts.scheme]
        address = _public_address(parts.hostname, port, allowed)
    except (OSError, UnicodeError, ValueError):
        return Posted(None, "not_resolved", _since(began))
    if address is None:
        return Posted(None, "private_address", _since(began))
    if parts.scheme == "http" and not _is_within(address, allowed):
        return Posted(None, "not_https", _since(began))
    connection = _PinnedConnection(parts.hostname, port, address, timeout_s, tls=parts.scheme == "https")
    status, problem, answered = _exchange(connection, parts, body, headers)
    return Posted(status, problem, _since(began), answered)


def _exchange(
    connection: "_PinnedConnection", parts: SplitResult, body: bytes, headers: Mapping[str, str]
) -> tuple[int | None, str | None, bytes]:
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        answered = answer.read(_ANSWER_READ_BYTES)
    except ssl.SSLCertVerificationError:
        return None, "certificate", b""
    except (OSError, http.client.HTTPException):
        return None, "timed_out" if connection.is_over else "no_answer", b""
    finally:
        connection.close()
    return answer.status, "redirect" if 300 <= answer.status < 400 else None, answered


def _since(began: float) -> int:
    return round((monotonic() - began) * 1000)


def _public_address(host: str, port: int, allowed: Sequence[Network]) -> str | None:
    """Return the first address of a host, None where any of them is not public. Raises OSError."""
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    return found[0] if found and all(_is_public(address, allowed) for address in found) else None


def _is_public(address: str, allowed: Sequence[Network]) -> bool:
    ip = _ip(address)
    return _is_within(address, allowed) or (ip.is_global and not ip.is_multicast)


def _is_within(address: str, allowed: Sequence[Network]) -> bool:
    ip = _ip(address)
    return any(ip in network for network in allowed)


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return getattr(ip, "ipv4_mapped", None) or ip


class _PinnedConnection(http.client.HTTPSConnection):
    """A connection to one address of a host, cut off when its time is over. Without `tls` nothing is encrypted."""

    def __init__(self, host: str, port: int, address: str, timeout_s: float, *, tls: bool) -> None:
        self._tls = tls
        self._own_context = ssl.create_default_context()
        super().__init__(host, port, timeout=timeout_s, context=self._own_context)
        self._address = address
        self._raw: socket.socket | None = None
        self.is_over = False
        self._timer = threading.Timer(timeout_s, self._end)
        self._timer.daemon = True

    def connect(self) -> None:
        """Connect to the address that was looked at; the certificate must be the host's."""
        self._timer.start()
        self._raw = socket.create_connection((self._address, self.port), timeout=self.timeout)
        self.sock = self._raw
        if self._tls:
            self.sock = self._own_context.wrap_socket(self._raw, server_hostname=self.host)

    def close(self) -> None:
        """Close it, also in the middle."""
        self._timer.cancel()
        super().close()

    def _end(self) -> None:
        """Cut a line that is still open: each byte may come in time, and the whole never."""
        self.is_over = True
        for open_socket in (self.sock, self._raw):
            if open_socket is not None:
                try:
                    open_socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
