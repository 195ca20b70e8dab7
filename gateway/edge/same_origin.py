"""Whether a write comes from a page of ours."""

from urllib.parse import urlsplit

import falcon

from contracts.errors import ErrorCode, Refused


def check_same_origin(req: falcon.Request, public_url: str) -> None:
    """Refuse (CSRF_FAILED) a write that another site made the payer's browser send.

    Every browser of today says where a write comes from, in Sec-Fetch-Site or at least in Origin; a request with
    neither comes from other software, which holds no cookie it did not ask for.
    """
    if is_same_origin(req, public_url) is False:
        raise Refused(ErrorCode.CSRF_FAILED)


def is_same_origin(req: falcon.Request, public_url: str) -> bool | None:
    """Return whether the browser says that a page of ours made the request; None where it says nothing."""
    site = req.get_header("Sec-Fetch-Site")
    origin = req.get_header("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is not None:
        return host_of(origin) in (host_of(public_url), req.netloc)
    return None


def host_of(address: str) -> str | None:
    """Return the host of an address, with its port; None of what is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return None
