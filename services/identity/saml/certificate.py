"""Certificates: one made for the service provider of a public entity (Avviso 29 v3, spid.md 1.1), others looked at."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

RSA_BITS: Final = 3072
VALID_DAYS: Final = 730
_OID_URI: Final = ObjectIdentifier("2.5.4.83")
_POLICIES: Final = (ObjectIdentifier("1.3.76.16.6"), ObjectIdentifier("1.3.76.16.4.2.1"))
"""AgID's SPID policy, and the one of public service providers."""


@dataclass(frozen=True)
class Entity:
    """The public entity a certificate is for. `entity_id` is the SPID entity id; `city` its seat."""

    name: str
    ipa_code: str
    entity_id: str
    city: str


@dataclass(frozen=True)
class KeyAndCertificate:
    """A private key and its certificate, both PEM."""

    key: bytes
    certificate: bytes


def make(entity: Entity, now: datetime) -> KeyAndCertificate:
    """Return a new private key and its self-signed certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, entity.name),
            x509.NameAttribute(NameOID.COMMON_NAME, entity.name),
            x509.NameAttribute(_OID_URI, entity.entity_id),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"PA:IT-{entity.ipa_code}"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "IT"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, entity.city),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
    )
    certificate = _with_extensions(builder, key).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyAndCertificate(private, certificate.public_bytes(Encoding.PEM))


def is_valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Return whether `now` lies in the certificate's validity.

    Its extensions are never looked at: real identity providers have some that do not parse (spid.md 1.3).
    """
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def read_certificates(text: str) -> list[x509.Certificate]:
    """Read what X509Certificate holds: base64 of DER, or by mistake PEM, which may be a bundle; all of it.

    Raises ValueError, also for a key or dates that cannot be read: those are asked for at every login.
    """
    try:
        if "-----BEGIN" in text:
            found = x509.load_pem_x509_certificates(text.encode())
        else:
            found = [x509.load_der_x509_certificate(b64decode("".join(text.split())))]
        for one in found:
            one.public_key()
            is_valid_at(one, one.not_valid_before_utc)
    except (UnsupportedAlgorithm, x509.InvalidVersion, TypeError) as cause:
        raise ValueError(type(cause).__name__) from cause
    return found


def certificate_text(certificate: x509.Certificate) -> str:
    """Return a certificate as X509Certificate holds it: base64 of DER, one line."""
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _with_extensions(builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only"),
        False,
    )
    policies = [x509.PolicyInformation(policy, None) for policy in _POLICIES]
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, decipher_only=False, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.CertificatePolicies(policies), critical=False)
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a secret file that only its owner may read."""
    path.touch(mode=0o600, exist_ok=True)
    path.chmod(0o600)
    path.write_bytes(content)
