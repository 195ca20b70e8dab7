"""Signatures: enveloped in XML, or over the query string of the HTTP-Redirect binding."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus, urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from services.identity.saml.names import RSA_SHA256

RSA_BITS_MIN: Final = 2048
_QUERY_ALGORITHMS: Final = {
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class SigningKey:
    """The service provider's key. The first certificate belongs to it; others are published for rotation."""

    key: rsa.RSAPrivateKey
    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def from_pem(cls, key: bytes, certificates: Sequence[bytes]) -> "SigningKey":
        """Read PEM texts. Raises ValueError when the key is not RSA, is short, or is not the first certificate's."""
        private = load_pem_private_key(key, password=None)
        if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < RSA_BITS_MIN:
            raise ValueError(f"the SPID key must be RSA of at least {RSA_BITS_MIN} bits")
        chain = tuple(x509.load_pem_x509_certificate(pem) for pem in certificates)
        if not chain or chain[0].public_key() != private.public_key():
            raise ValueError("the first SPID certificate does not belong to the SPID key")
        return cls(private, chain)


def certificate_text(certificate: x509.Certificate) -> str:
    """Return a certificate as X509Certificate holds it: base64 of DER, one line."""
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Say whether `now` lies in the certificate's validity.

    Its extensions are never looked at: real identity providers have some that do not parse (spid.md 1.3).
    """
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


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


def split_query(query: str) -> dict[str, str]:
    """Cut a raw query string into its parameters, values still encoded. Raises ValueError for a name given twice.

    The octets that are signed are the sender's own URL encoding: cut, never decoded and encoded again.
    """
    pairs = [part.partition("=")[::2] for part in query.split("&")]
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise ValueError("a parameter is given twice")
    return parameters


def query_is_signed_by(
    parameters: Mapping[str, str], message: str, certificates: Sequence[x509.Certificate], now: datetime
) -> bool:
    """Say whether `parameters` (of `split_query`) are signed, over the one named `message` too."""
    algorithm = _QUERY_ALGORITHMS.get(unquote_plus(parameters.get("SigAlg", "")))
    if algorithm is None:
        return False
    names = [name for name in (message, "RelayState", "SigAlg") if name in parameters]
    octets = "&".join(f"{name}={parameters[name]}" for name in names).encode()
    try:
        signature = b64decode(unquote_plus(parameters.get("Signature", "")), validate=True)
    except ValueError:
        return False
    return any(_verifies(one, signature, octets, algorithm) for one in certificates if valid_at(one, now))


def _verifies(certificate: x509.Certificate, signature: bytes, octets: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, octets, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True
