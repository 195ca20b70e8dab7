"""Where a request really comes from."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import falcon

from gateway.settings import Network


def client_address(req: falcon.Request, trusted_proxies: Sequence[Network]) -> IPv4Address | IPv6Address | None:
    """Return the nearest address that is not a trusted proxy's; None when it cannot be read.

    X-Forwarded-For is read from the right, and only as far as trusted proxies wrote it.
    """
    address = parse(req.remote_addr)
    forwarded = [item.strip() for item in (req.get_header("X-Forwarded-For") or "").split(",") if item.strip()]
    while forwarded and address is not None and is_within(address, trusted_proxies):
        address = parse(forwarded.pop())
    return address


def is_within(address: IPv4Address | IPv6Address | None, networks: Sequence[Network]) -> bool:
    """Return whether the address belongs to one of the networks."""
    return address is not None and any(address in network for network in networks)


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, an IPv4 one written as IPv6 as what it is; None when it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
