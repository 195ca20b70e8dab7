"""Who a caller is by its TLS certificate, as the proxy that ended the TLS tells it (RFC 9440)."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Final

import falcon

from gateway.edge.addresses import is_within, parse
from gateway.settings import Network

_HEADER: Final = "Client-Cert"


def client_certificate(req: falcon.Request, trusted_proxies: Sequence[Network]) -> str | None:
    """Return the SHA-256, in lower-case hex, of the client's certificate; None where nobody vouches for one.

    The header `Client-Cert` holds the certificate in DER, in base64 between colons. It is believed only from a trusted
    proxy, which must have checked that the client has the key, and must not pass on a header that came from outside.
    """
    text = (req.get_header(_HEADER) or "").strip()
    if not is_within(parse(req.remote_addr), trusted_proxies) or not (text.startswith(":") and text.endswith(":")):
        return None
    try:
        certificate = base64.b64decode(text.strip(":"), validate=True)
    except binascii.Error:
        return None
    return hashlib.sha256(certificate).hexdigest() if certificate else None
