"""The service provider's key, and the signatures it makes: enveloped in XML, or over a query string."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from services.identity.saml.names import RSA_SHA256

RSA_BITS_MIN: Final = 2048


@dataclass(frozen=True)
class SigningKey:
    """The service provider's key. The first certificate belongs to it; others are published for rotation."""

    key: rsa.RSAPrivateKey
    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def from_pem(cls, key: bytes, certificates: Sequence[bytes]) -> "SigningKey":
        """Read PEM texts; each of `certificates` may be a bundle, which means all of it.

        Raises ValueError when the key is not RSA, is short, or is not the first certificate's.
        """
        private = _private_key(key)
        if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < RSA_BITS_MIN:
            raise ValueError(f"the SPID key must be RSA of at least {RSA_BITS_MIN} bits")
        chain = tuple(one for pem in certificates for one in x509.load_pem_x509_certificates(pem))
        if not chain or chain[0].public_key() != private.public_key():
            raise ValueError("the first SPID certificate does not belong to the SPID key")
        return cls(private, chain)


@cache
def _private_key(pem: bytes) -> PrivateKeyTypes:
    """Read a key once: proving that its numbers fit each other takes 0.1 s, and settings are read five times."""
    return load_pem_private_key(pem, password=None)


def sign_enveloped(message: etree._Element, key: SigningKey) -> etree._Element:
    """Return `message` with an enveloped signature over its ID: after its Issuer, else as its first child."""
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signed = signer.sign(
        message, key=key.key, cert=[key.certificates[0]], reference_uri=f"#{message.get('ID')}", id_attribute="ID"
    )
    # signxml appends the signature; the schemas want it after the Issuer, or first.
    signed.insert(1 if etree.QName(signed[0]).localname == "Issuer" else 0, signed[-1])
    return signed


def sign_query(parameters: Sequence[tuple[str, str]], key: SigningKey) -> str:
    """Return the query string of the HTTP-Redirect binding, SigAlg and Signature last (SAML bindings 3.4.4.1)."""
    signed = urlencode([*parameters, ("SigAlg", RSA_SHA256)])
    signature = key.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}&{urlencode({'Signature': b64encode(signature).decode()})}"
