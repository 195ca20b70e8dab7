"""Digital revenue stamps (marca da bollo digitale), sold and signed by the PSPs of the sandbox (pagopa.md 3.10)."""

import secrets
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from sandbox.pagopa.registry import Psp

_NS: Final = "http://www.agenziaentrate.gov.it/2014/MarcaDaBollo"
_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_VALID: Final = timedelta(days=365)


class StampIssuer:
    """Signs stamps with a key of its own, made when the first one is sold."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def _certificate(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Marca da bollo digitale di prova")])
        start = datetime.now(UTC) - timedelta(hours=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + _VALID)
        )
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, psp: Psp, at: datetime, amount: str, document_hash: str) -> bytes:
        """Return the XML of a stamp of `amount` (`16.00`) for the document of this SHA-256 in base64."""
        stamp = etree.Element(f"{{{_NS}}}marcaDaBollo", nsmap={"mdb": _NS, "ds": _DS})
        seller = _add(stamp, "PSP")
        _add(seller, "CodiceFiscale", psp.fiscal_code)
        _add(seller, "Denominazione", psp.name)
        _add(stamp, "IUBD", f"{secrets.randbelow(10**16):016d}")
        _add(stamp, "OraAcquisto", at.isoformat(timespec="milliseconds"))
        _add(stamp, "Importo", amount)
        _add(stamp, "TipoBollo", "01")
        digest = _add(stamp, "ImprontaDocumento")
        _add(digest, "DigestMethod").set("Algorithm", _SHA256)
        etree.SubElement(digest, f"{{{_DS}}}DigestValue").text = document_hash
        signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0)
        signed = signer.sign(stamp, key=self._key, cert=[self._certificate])
        return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_NS}}}{name}")
    child.text = text
    return child
