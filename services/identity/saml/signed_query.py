"""The signed query string of HTTP-Redirect as an identity provider sends it (SAML bindings 3.4.4.1)."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from services.identity.saml.certificate import is_valid_at
from services.identity.saml.names import RSA_SHA256

_MESSAGE: Final = "SAMLRequest"
_SIGNED: Final = (_MESSAGE, "RelayState", "SigAlg")
_ALGORITHMS: Final = {
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class SignedQuery:
    """A query string cut into its parameters, values still encoded.

    The octets that are signed are the sender's own URL encoding: cut, never decoded and encoded again.
    """

    encoded: Mapping[str, str]

    @classmethod
    def parse(cls, query: str) -> "SignedQuery":
        """Cut a raw query string. Raises ValueError for a name given twice."""
        pairs = [part.partition("=")[::2] for part in query.split("&")]
        encoded = dict(pairs)
        if len(encoded) != len(pairs):
            raise ValueError("a parameter is given twice")
        return cls(encoded)

    @property
    def message(self) -> str:
        """The request in it, deflated and in base64; empty where there is none."""
        return self._decoded(_MESSAGE)

    def is_signed_by(self, certificates: Sequence[x509.Certificate], now: datetime) -> bool:
        """Return whether one of `certificates` that is valid at `now` signed message, RelayState and SigAlg."""
        algorithm = _ALGORITHMS.get(self._decoded("SigAlg"))
        if algorithm is None:
            return False
        octets = "&".join(f"{name}={self.encoded[name]}" for name in _SIGNED if name in self.encoded).encode()
        try:
            signature = b64decode(self._decoded("Signature"), validate=True)
        except ValueError:
            return False
        return any(_verifies(one, signature, octets, algorithm) for one in certificates if is_valid_at(one, now))

    def _decoded(self, name: str) -> str:
        return unquote_plus(self.encoded.get(name, ""))


def _verifies(certificate: x509.Certificate, signature: bytes, octets: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, octets, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True
