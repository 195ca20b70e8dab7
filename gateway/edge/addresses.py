"""Where a request really comes from."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import falcon

from gateway.settings import Network

Address = IPv4Address | IPv6Address

_X_FORWARDED_FOR: Final = "X-Forwarded-For"
_FORWARDED: Final = "Forwarded"
# A header of such a name says that something stands between the client and whoever reached us: Forwarded and
# X-Forwarded-For, -Host, -Proto and whatever else; X-Real-IP, True-Client-IP, Fastly-Client-IP, X-Azure-ClientIP,
# CF-Connecting-IP, X-ProxyUser-IP, X-Remote-Addr, X-Envoy-External-Address; Client-Cert, Via, CDN-Loop.
_SIGN_OF_A_PROXY: Final = re.compile(
    r"HTTP_(?:\w*FORWARDED\w*|\w*(?:REAL|CLIENT|CONNECTING|REMOTE|USER|SOURCE|SOCKET)_?(?:IP|IPV6|ADDR|ADDRESS|HOST)"
    r"|\w*CLIENT_CERT\w*|\w*EXTERNAL_ADDRESS|(?:\w+_)?VIA|CDN_LOOP)"
)
_NODE: Final = re.compile(
    r"(?:(?P<v4>[0-9.]+)(?::[0-9]{1,5})?|\[(?P<bracketed>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|(?P<v6>[0-9A-Fa-f:.]+))"
)
# One element of RFC 7239: pairs between semicolons, a value being a token or a quoted string.
_PAIR: Final = re.compile(r'\s*(?P<name>[!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?P<value>"(?:[^"\\]|\\.)*"|[^\s;,"]+)\s*')


def client_address(req: falcon.Request, trusted_proxies: Sequence[Network]) -> Address | None:
    """Return the nearest address that is not a trusted proxy's; None when it cannot be read.

    X-Forwarded-For and Forwarded (RFC 7239) are read from the right, and only as far as trusted proxies wrote them.
    Where both are there they must agree: a proxy that writes one of them may pass on the other as a client made it.
    """
    peer = parse(req.remote_addr)
    if not is_within(peer, trusted_proxies):
        return peer
    told = [
        _nearest(read(text), trusted_proxies)
        for name, read in ((_X_FORWARDED_FOR, _x_forwarded_for), (_FORWARDED, _forwarded))
        if (text := req.get_header(name)) is not None
    ]
    if not told:
        return peer
    return told[0] if len(set(told)) == 1 else None


def sender_address(req: falcon.Request, trusted_proxies: Sequence[Network]) -> Address | None:
    """Return the client's address for a door that is open to some networks only; None where it is not certain.

    Unlike `client_address`, a peer that is not a trusted proxy but speaks for somebody else is nobody: its own address,
    which is that of a proxy nobody told us of, must not open the door for everyone behind it.
    """
    if not is_within(parse(req.remote_addr), trusted_proxies) and is_forwarded(req):
        return None
    return client_address(req, trusted_proxies)


def is_forwarded(req: falcon.Request) -> bool:
    """Return whether the request says that it came through a proxy."""
    return any(_SIGN_OF_A_PROXY.fullmatch(name) for name in req.env)


def is_within(address: Address | None, networks: Sequence[Network]) -> bool:
    """Return whether the address belongs to one of the networks."""
    return address is not None and any(address in network for network in networks)


def parse(text: str) -> Address | None:
    """Read an address as proxies write it: `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.

    An IPv4 address written as IPv6 is what it is; None when the text is no address (`unknown`, `_hidden`, `fe80::1%a`).
    """
    found = _NODE.fullmatch(text)
    if found is None:
        return None
    try:
        address = IPv6Address(found["bracketed"]) if found["bracketed"] else ip_address(found["v4"] or found["v6"])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _nearest(addresses: Sequence[Address | None], trusted_proxies: Sequence[Network]) -> Address | None:
    """Return the last address that is not a trusted proxy's, else the first; None when there is none, or unreadable."""
    for address in reversed(addresses):
        if not is_within(address, trusted_proxies):
            return address
    return addresses[0] if addresses else None


def _x_forwarded_for(text: str) -> list[Address | None]:
    return [parse(item.strip()) for item in text.split(",") if item.strip()]


def _forwarded(text: str) -> list[Address | None]:
    """Read `for=` of each element; an element without it, or a header that is none, holds an unreadable address."""
    addresses: list[Address | None] = []
    of_element: list[str] = []
    at = 0
    while pair := _PAIR.match(text, at):
        if pair["name"].lower() == "for":
            of_element.append(re.sub(r"\\(.)", r"\1", pair["value"].strip('"')))
        at = pair.end()
        following = text[at : at + 1]
        if following in (",", ""):
            addresses.append(parse(of_element[0]) if len(of_element) == 1 else None)
            of_element = []
        elif following != ";":
            return [None]
        if not following:
            return addresses
        at += 1
    return [None]
