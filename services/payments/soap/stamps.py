"""The digital revenue stamps in a receipt (MBDAttachment): read, checked as far as each can be, never refused.

A stamp is signed by the PSP that sold it. There is no public list of those certificates, so the signature is checked
with the certificate the stamp carries: that shows that nobody changed it since, not who made it. Some carry none.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from contracts.rpc.payments import BoughtStamp
from services.payments import hostile_xml
from services.payments.soap.elements import moment

_MBD: Final = "{http://www.agenziaentrate.gov.it/2014/MarcaDaBollo}"
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_SCHEMA_FILE: Final = Path(__file__).with_name("marca_da_bollo.rng")
_CONFIGURATION: Final = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
    ignore_ambiguous_key_info=True,
)


class Signature(StrEnum):
    """What can be said of a stamp's signature."""

    VERIFIED = "verified"
    UNVERIFIABLE = "unverifiable"
    WRONG = "wrong"


def stamps_of(receipt: etree._Element) -> Iterator[BoughtStamp]:
    """Read the stamps in the transfers of a checked receipt."""
    for transfer in receipt.iterfind("transferList/transfer"):
        attached = transfer.findtext("MBDAttachment")
        if attached is not None:
            yield _read(int(transfer.findtext("idTransfer") or 0), attached)


def attachment(receipt: etree._Element, transfer: int) -> bytes | None:
    """Return the bytes of the stamp in a transfer of a receipt, as they were sent."""
    for share in receipt.iterfind("transferList/transfer"):
        if share.findtext("idTransfer") == str(transfer):
            return _decoded(share.findtext("MBDAttachment") or "")
    return None


def _read(number: int, text: str) -> BoughtStamp:
    content = _decoded(text)
    if content is None:
        return BoughtStamp(transfer=number, problem="unreadable")
    try:
        stamp = hostile_xml.parse(content)
    except hostile_xml.Unreadable:
        return BoughtStamp(transfer=number, problem="unreadable")
    if not hostile_xml.relax_ng(_SCHEMA_FILE).validate(stamp):
        return BoughtStamp(transfer=number, problem="schema")
    read = BoughtStamp(
        transfer=number,
        iubd=stamp.findtext(f"{_MBD}IUBD"),
        purchased_at=moment(stamp.findtext(f"{_MBD}OraAcquisto")),
        seller=stamp.findtext(f"{_MBD}PSP/{_MBD}Denominazione"),
        amount_cents=int(Decimal(stamp.findtext(f"{_MBD}Importo") or "0") * 100),
        document_hash="".join((stamp.findtext(f"{_MBD}ImprontaDocumento/{_DS}DigestValue") or "").split()),
    )
    signature = _check_signature(content)
    return replace(read, signature=signature.value, problem="signature" if signature is Signature.WRONG else None)


def _check_signature(content: bytes) -> Signature:
    """Check that the one thing signed is the whole stamp."""
    # Parsed again as it is: what the other parser leaves out may be part of what was signed.
    stamp = hostile_xml.parse(content, whole=True)
    carried = stamp.findtext(f"{_DS}Signature/{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if carried is None:
        return Signature.UNVERIFIABLE
    references = stamp.findall(f"{_DS}Signature/{_DS}SignedInfo/{_DS}Reference")
    if [reference.get("URI") for reference in references] != [""]:
        return Signature.WRONG
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(carried))
        XMLVerifier().verify(stamp, x509_cert=certificate, expect_config=_at_its_time(certificate))
    except Exception:  # noqa: BLE001 -- whatever a stamp does to the verifier, the money it came with is not refused
        return Signature.WRONG
    return Signature.VERIFIED


def _at_its_time(certificate: x509.Certificate) -> SignatureConfiguration:
    """A stamp stays what it is when the certificate of its seller runs out."""
    return replace(_CONFIGURATION, verification_time=certificate.not_valid_before_utc)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return None
