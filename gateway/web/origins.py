"""From which of our pages a request comes."""

from urllib.parse import urlsplit

import falcon

from gateway.edge.same_origin import host_of
from gateway.web import addresses


def page_address(req: falcon.Request) -> str:
    """Return the path of the page itself, or of the one whose form was sent."""
    return req.relative_uri if req.method in {"GET", "HEAD"} else form_page(req)


def form_page(req: falcon.Request, default: str = addresses.HOME) -> str:
    """Return the page of ours whose form was sent, from the Referer (our own policy makes browsers send it)."""
    address = req.get_header("Referer") or ""
    if host_of(address) != req.netloc:
        return default
    referer = urlsplit(address)
    return addresses.safe_return(f"{referer.path}?{referer.query}" if referer.query else referer.path, default)
