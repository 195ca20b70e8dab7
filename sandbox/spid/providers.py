"""The identity providers of the sandbox, two of SPID and that of CIE: names, addresses, keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

CIE: Final = "cie"
NAMES: Final = {"prova-1": "SPID di prova 1", "prova-2": "SPID di prova 2", CIE: "CIE di prova"}
"""Key (in addresses, and the name of the metadata file) -> display name."""


@dataclass(frozen=True)
class Provider:
    """One identity provider: who it says it is, and what it signs with."""

    key: str
    name: str
    idp_url: str
    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def is_cie(self) -> bool:
        """The electronic identity card: its answers state no Issuer Format (spid.md 2)."""
        return self.key == CIE

    @property
    def bindings(self) -> tuple[str, ...]:
        """How it takes requests: the second one by HTTP-POST alone, so that both bindings are seen at work."""
        return ("HTTP-POST",) if self.key == "prova-2" else ("HTTP-Redirect", "HTTP-POST")

    @property
    def entity_id(self) -> str:
        """Its SAML name, also the address of its metadata."""
        return f"{self.idp_url}/{self.key}/metadata"

    @property
    def sso_url(self) -> str:
        """Where AuthnRequests go."""
        return f"{self.idp_url}/{self.key}/sso"

    @property
    def slo_url(self) -> str:
        """Where logout messages go."""
        return f"{self.idp_url}/{self.key}/slo"


def key_file(folder: Path, key: str) -> Path:
    """Return where a provider's private key lies."""
    return folder / "idp" / f"{key}.key.pem"


def certificate_file(folder: Path, key: str) -> Path:
    """Return where a provider's certificate lies."""
    return folder / "idp" / f"{key}.cert.pem"


def load(folder: Path, idp_url: str) -> Iterator[Provider]:
    """Read the providers from the folder that `setup.prepare` filled."""
    for key, name in NAMES.items():
        private = load_pem_private_key(key_file(folder, key).read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate(certificate_file(folder, key).read_bytes())
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError(f"{key}: not an RSA key")
        yield Provider(key, name, idp_url, private, certificate)
