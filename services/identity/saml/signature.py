"""XML signatures of identity providers, verified by their pinned certificates, never by the message's KeyInfo."""

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from services.identity.saml.certificate import is_valid_at
from services.identity.saml.names import DS, ENVELOPED, EXCLUSIVE_C14N, SAML, tag
from services.identity.saml.refusal import Reason, ResponseRefused, require

_METHODS: Final = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512})
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_INCLUSIVE_NAMESPACES: Final = tag(EXCLUSIVE_C14N, "InclusiveNamespaces")
OF_ROOT: Final = "./"
OF_ASSERTION: Final = f"./{tag(SAML, 'Assertion')}/"


def signature_of(element: etree._Element) -> etree._Element | None:
    """Return the signature that is a direct child of `element`."""
    return element.find(tag(DS, "Signature"))


def verify(
    root: etree._Element, *, location: str, certificates: Sequence[x509.Certificate], now: datetime
) -> etree._Element:
    """Return the element that was signed, parsed anew from the verified bytes.

    `root` is the whole message; `location` says whose signature: OF_ROOT or OF_ASSERTION. Of several certificates
    (rotation) one must fit, and it must be valid at `now`. Raises ResponseRefused.
    """
    usable = [certificate for certificate in certificates if is_valid_at(certificate, now)]
    require(usable, Reason.IDP_CERTIFICATE_EXPIRED)
    for certificate in usable:
        try:
            return _verified(root, location, certificate, now)
        except (SignXMLException, etree.LxmlError, ValueError, TypeError) as error:
            cause = type(error).__name__
    raise ResponseRefused(Reason.SIGNATURE_INVALID, detail=cause)


def _verified(root: etree._Element, location: str, certificate: x509.Certificate, now: datetime) -> etree._Element:
    configuration = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,
        verification_time=now,
    )
    result = XMLVerifier().verify(root, x509_cert=certificate, id_attribute="ID", expect_config=configuration)
    if not isinstance(result, VerifyResult) or result.signed_xml is None:
        raise InvalidSignature("what was signed is not an element")
    return result.signed_xml


def check_form(element: etree._Element) -> None:
    """Check how `element` is signed before computing anything. Raises ResponseRefused.

    One Reference, to its parent by ID; transforms enveloped and exclusive canonical form only, RSA with SHA-2 only,
    no Object, so that no other part of the document can be what the signature covers.
    """
    signature = signature_of(element)
    if signature is None:
        raise ResponseRefused(Reason.SIGNATURE_INVALID)
    require(signature.find(tag(DS, "Object")) is None, Reason.SIGNATURE_OBJECT)
    references = list(signature.iter(tag(DS, "Reference")))
    require(len(references) == 1, Reason.SIGNATURE_REFERENCE)
    require(references[0].get("URI") == f"#{element.get('ID')}", Reason.SIGNATURE_REFERENCE)
    _check_algorithms(signature, references[0])
    _check_transforms(references[0])
    _check_value(signature)


def _check_algorithms(signature: etree._Element, reference: etree._Element) -> None:
    info = signature.find(tag(DS, "SignedInfo"))
    require(_algorithm(info, "CanonicalizationMethod") == EXCLUSIVE_C14N, Reason.SIGNATURE_ALGORITHM)
    require(_algorithm(info, "SignatureMethod") in {method.value for method in _METHODS}, Reason.SIGNATURE_ALGORITHM)
    require(_algorithm(reference, "DigestMethod") in {digest.value for digest in _DIGESTS}, Reason.SIGNATURE_ALGORITHM)


def _check_transforms(reference: etree._Element) -> None:
    transforms = list(reference.iter(tag(DS, "Transform")))
    names = [transform.get("Algorithm") for transform in transforms]
    # Without the enveloped transform the digest would cover its own signature; without c14n, another form of it.
    require(names == [ENVELOPED, EXCLUSIVE_C14N], Reason.SIGNATURE_TRANSFORM)
    inside = [inner.tag for transform in transforms for inner in transform]
    require(all(name == _INCLUSIVE_NAMESPACES for name in inside), Reason.SIGNATURE_TRANSFORM)


def _check_value(signature: etree._Element) -> None:
    # signxml would skip what is not base64: two texts for one signature.
    value = signature.findtext(tag(DS, "SignatureValue"), "")
    try:
        b64decode("".join(value.split()), validate=True)
    except ValueError:
        raise ResponseRefused(Reason.SIGNATURE_INVALID) from None


def _algorithm(parent: etree._Element | None, name: str) -> str:
    found = parent.find(tag(DS, name)) if parent is not None else None
    return found.get("Algorithm", "") if found is not None else ""
