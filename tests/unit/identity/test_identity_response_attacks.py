"""Answers somebody tampered with: all refused, each for its own reason. Real namespaces throughout."""

import random
import re
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from sandbox.spid.responses import sign_element
from services.identity.saml.refusal import Reason, ResponseRefused
from services.identity.saml.response import receive
from services.identity.saml.structure import MESSAGE_BYTES_MAX
from tests.unit.identity.mutations import mutated
from tests.unit.identity.spid_world import (
    ANSWER,
    ATTRIBUTES,
    EXPECTED,
    FISCAL_CODE,
    IDP,
    NS,
    OTHER_FISCAL_CODE,
    OTHER_IDP,
    genuine,
    one,
    provider,
    read,
    refusal,
    signed_assertion_only,
    signer,
    unsigned,
)

SIGNATURE = f"{{{NS['ds']}}}Signature"


def parsed(document: bytes) -> etree._Element:
    return etree.fromstring(document)


def forge(element: etree._Element, new_id: str) -> etree._Element:
    """Make `element` speak of somebody else, under another ID."""
    element.set("ID", new_id)
    for value in element.iter(f"{{{NS['saml']}}}AttributeValue"):
        value.text = (value.text or "").replace(FISCAL_CODE, OTHER_FISCAL_CODE)
    return element


def without_signature(element: etree._Element) -> etree._Element:
    stripped = deepcopy(element)
    signature = stripped.find("ds:Signature", NS)
    if signature is not None:
        stripped.remove(signature)
    return stripped


def xsw1() -> etree._Element:
    """A forged Response; the original one, unsigned, inside its signature."""
    original = parsed(genuine())
    forged = forge(deepcopy(original), "_forged")
    one(forged, "saml:Assertion").set("ID", "_forged_too")
    one(forged, "ds:Signature").append(without_signature(original))
    return forged


def xsw2() -> etree._Element:
    """A forged Response; the original one, unsigned, before the signature."""
    original = parsed(genuine())
    forged = forge(deepcopy(original), "_forged")
    one(forged, "saml:Assertion").set("ID", "_forged_too")
    forged.insert(0, without_signature(original))
    return forged


def xsw3() -> etree._Element:
    """A forged Assertion before the original one."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    root.insert(root.index(original), forge(without_signature(original), "_forged"))
    return root


def xsw4() -> etree._Element:
    """A forged Assertion around the original one."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    forged = forge(without_signature(original), "_forged")
    root.replace(original, forged)
    forged.append(original)
    return root


def xsw5() -> etree._Element:
    """The signed Assertion forged; the original one, unsigned, at the end of the Response."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    untouched = without_signature(original)
    forge(original, "_forged")
    root.append(untouched)
    return root


def xsw6() -> etree._Element:
    """The signed Assertion forged; the original one, unsigned, inside the signature."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    untouched = without_signature(original)
    forge(original, "_forged")
    one(original, "ds:Signature").append(untouched)
    return root


def xsw7() -> etree._Element:
    """A forged Assertion with the same ID inside Extensions."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(forge(without_signature(original), str(original.get("ID"))))
    root.insert(1, extensions)
    return root


def xsw8() -> etree._Element:
    """The signed Assertion forged; the original one, unsigned, in an Object of its signature."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    untouched = without_signature(original)
    forge(original, "_forged")
    etree.SubElement(one(original, "ds:Signature"), f"{{{NS['ds']}}}Object").append(untouched)
    return root


def xsw9() -> etree._Element:
    """A forged Assertion with the signature; the original one beside it, in a foreign element."""
    root = parsed(signed_assertion_only())
    original = one(root, "saml:Assertion")
    wrapper = etree.SubElement(root, "{urn:example}Wrapper")
    wrapper.append(deepcopy(original))
    forge(original, "_forged")
    return root


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (xsw1, Reason.RESPONSE_NESTED),
        (xsw2, Reason.RESPONSE_NESTED),
        (xsw3, Reason.ASSERTION_REPEATED),
        (xsw4, Reason.ASSERTION_REPEATED),
        (xsw5, Reason.ASSERTION_REPEATED),
        (xsw6, Reason.ASSERTION_REPEATED),
        (xsw7, Reason.ID_DUPLICATED),
        (xsw8, Reason.ASSERTION_REPEATED),
        (xsw9, Reason.ASSERTION_REPEATED),
    ],
)
def test_signature_wrapping_is_refused(attack, reason: Reason) -> None:
    document = etree.tostring(attack())
    assert OTHER_FISCAL_CODE.encode() in document
    assert refusal(document) is reason


def test_the_corpus_starts_from_answers_that_are_accepted() -> None:
    assert refusal(genuine()) is None
    assert refusal(signed_assertion_only()) is None


def test_a_forged_value_in_a_signed_answer_is_refused() -> None:
    assert refusal(genuine().replace(FISCAL_CODE.encode(), OTHER_FISCAL_CODE.encode())) is Reason.SIGNATURE_INVALID
    forged = signed_assertion_only().replace(FISCAL_CODE.encode(), OTHER_FISCAL_CODE.encode())
    assert refusal(forged) is Reason.SIGNATURE_INVALID


def test_the_assertion_moved_out_of_its_place_is_refused() -> None:
    root = parsed(signed_assertion_only())
    assertion = one(root, "saml:Assertion")
    etree.SubElement(root, f"{{{NS['samlp']}}}Extensions").append(assertion)
    assert refusal(etree.tostring(root)) is Reason.ASSERTION_MISPLACED


def test_an_unsigned_answer_is_refused() -> None:
    assert refusal(etree.tostring(unsigned())) is Reason.ASSERTION_UNSIGNED


def test_an_answer_with_only_the_response_signed_is_refused() -> None:
    keys = signer("idp-1")
    assert refusal(etree.tostring(sign_element(unsigned(), keys.key, keys.certificate))) is Reason.ASSERTION_UNSIGNED


def test_a_good_assertion_under_a_response_signature_of_a_stranger_is_refused() -> None:
    stranger = signer("stranger")
    root = sign_element(parsed(signed_assertion_only()), stranger.key, stranger.certificate)
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_INVALID


def test_a_strangers_key_with_his_certificate_in_key_info_is_refused() -> None:
    document = genuine(by="stranger")
    certificate = b64encode(signer("stranger").certificate.public_bytes(Encoding.DER))[:40]
    assert certificate in document.replace(b"\n", b"")
    assert refusal(document) is Reason.SIGNATURE_INVALID


def test_another_trusted_providers_key_under_this_providers_name_is_refused() -> None:
    assert refusal(genuine(by="idp-2")) is Reason.SIGNATURE_INVALID


def test_another_trusted_providers_own_answer_to_this_providers_request_is_refused() -> None:
    document = genuine(answer=replace(ANSWER, issuer=OTHER_IDP), by="idp-2")
    assert refusal(document) is Reason.RESPONSE_ISSUER


def test_a_provider_whose_certificates_have_all_expired_is_refused() -> None:
    signed = signer("expired")
    root = unsigned()
    assertion = one(root, "saml:Assertion")
    root.replace(assertion, sign_element(assertion, signed.key, signed.certificate))
    assert refusal(etree.tostring(root), idp=provider("expired")) is Reason.IDP_CERTIFICATE_EXPIRED


def test_a_genuinely_signed_foreign_element_does_not_lend_its_signature() -> None:
    keys = signer("idp-1")
    metadata = etree.fromstring(
        b'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_md" entityID="x">'
        b"<md:Organization/></md:EntityDescriptor>"
    )
    root = unsigned()
    root.insert(0, sign_element(metadata, keys.key, keys.certificate))
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_MISPLACED


def test_a_second_signature_in_one_place_is_refused() -> None:
    root = parsed(signed_assertion_only())
    assertion = one(root, "saml:Assertion")
    assertion.append(deepcopy(one(assertion, "ds:Signature")))
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_REPEATED


def test_an_encrypted_assertion_is_refused() -> None:
    root = parsed(genuine())
    etree.SubElement(root, f"{{{NS['saml']}}}EncryptedAssertion")
    assert refusal(etree.tostring(root)) is Reason.ASSERTION_ENCRYPTED


def test_the_same_id_twice_is_refused() -> None:
    root = parsed(genuine())
    etree.SubElement(root, f"{{{NS['samlp']}}}Extensions").set("ID", str(one(root, "saml:Assertion").get("ID")))
    assert refusal(etree.tostring(root)) is Reason.ID_DUPLICATED


def test_a_response_signature_under_another_name_is_not_overlooked() -> None:
    stranger = signer("stranger")
    document = etree.tostring(sign_element(parsed(signed_assertion_only()), stranger.key, stranger.certificate))
    assert refusal(document) is Reason.SIGNATURE_INVALID
    renamed = document.replace(NS["ds"].encode(), b"urn:example", 1)
    assert refusal(renamed) is Reason.ELEMENT_UNKNOWN


def test_a_logout_response_or_a_response_without_namespace_is_no_response() -> None:
    assert refusal(genuine().replace(b"samlp:Response", b"samlp:LogoutResponse")) is Reason.NOT_A_RESPONSE
    assert refusal(b"<Response/>") is Reason.NOT_A_RESPONSE


def signed_with(method: SignatureMethod, digest: DigestAlgorithm) -> bytes:
    class AnyAlgorithm(XMLSigner):
        def check_deprecated_methods(self) -> None: ...

    root = unsigned()
    assertion = one(root, "saml:Assertion")
    made = AnyAlgorithm(
        signature_algorithm=method,
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    is_hmac = method.name.startswith("HMAC")
    keys = signer("idp-1")
    # The classic confusion: the public certificate taken for the shared secret.
    key = keys.certificate.public_bytes(Encoding.PEM) if is_hmac else keys.key
    signed = made.sign(assertion, key=key, reference_uri=f"#{assertion.get('ID')}", id_attribute="ID")
    signed.insert(1, signed[-1])
    root.replace(assertion, signed)
    return etree.tostring(root)


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA256),
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1),
        (SignatureMethod.HMAC_SHA256, DigestAlgorithm.SHA256),
    ],
)
def test_weak_and_symmetric_algorithms_are_refused(method: SignatureMethod, digest: DigestAlgorithm) -> None:
    assert refusal(signed_with(method, digest)) is Reason.SIGNATURE_ALGORITHM


@pytest.mark.parametrize("method", [SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512])
def test_longer_hashes_are_accepted(method: SignatureMethod) -> None:
    assert refusal(signed_with(method, DigestAlgorithm.SHA512)) is None


@pytest.mark.parametrize(
    "transform",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
    ],
)
@pytest.mark.parametrize("make", [genuine, signed_assertion_only])
def test_any_other_transform_is_refused(make: Callable[[], bytes], transform: str) -> None:
    root = parsed(make())
    transforms = one(root, ".//ds:Transforms")
    etree.SubElement(transforms, f"{{{NS['ds']}}}Transform").set("Algorithm", transform)
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_TRANSFORM


def test_a_transform_with_a_stylesheet_inside_is_refused() -> None:
    root = parsed(signed_assertion_only())
    etree.SubElement(one(root, ".//ds:Transform"), "{http://www.w3.org/1999/XSL/Transform}stylesheet")
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_TRANSFORM


@pytest.mark.parametrize("uri", ["", "#_elsewhere", None, "http://evil.example/assertion.xml"])
def test_a_reference_to_anything_but_its_parent_is_refused(uri: str | None) -> None:
    root = parsed(signed_assertion_only())
    reference = one(root, ".//ds:Reference")
    if uri is None:
        del reference.attrib["URI"]
    else:
        reference.set("URI", uri)
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_REFERENCE


@pytest.mark.parametrize(
    "method",
    [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ],
)
def test_another_canonical_form_of_what_is_signed_is_refused(method: str) -> None:
    root = parsed(signed_assertion_only())
    one(root, ".//ds:CanonicalizationMethod").set("Algorithm", method)
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_ALGORITHM


def test_two_references_are_refused() -> None:
    root = parsed(signed_assertion_only())
    reference = one(root, ".//ds:Reference")
    one(root, ".//ds:SignedInfo").append(deepcopy(reference))
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_REFERENCE


def test_an_object_in_the_signature_is_refused() -> None:
    root = parsed(signed_assertion_only())
    etree.SubElement(one(root, ".//ds:Signature"), f"{{{NS['ds']}}}Object")
    assert refusal(etree.tostring(root)) is Reason.SIGNATURE_OBJECT


@pytest.mark.parametrize("markup", [b"<!-- x -->", b"<?x y?>"])
def test_a_comment_or_instruction_inside_the_fiscal_code_is_refused(markup: bytes) -> None:
    cut = FISCAL_CODE.encode()[:6] + markup + FISCAL_CODE.encode()[6:]
    assert refusal(genuine().replace(FISCAL_CODE.encode(), cut)) is Reason.COMMENT_IN_ASSERTION


def test_a_comment_outside_the_assertion_changes_nothing_and_hides_nothing() -> None:
    document = genuine().replace(b"<samlp:Status>", b"<!-- Response Signature here --><samlp:Status>")
    assert read(document).attributes == ATTRIBUTES
    document = signed_assertion_only().replace(IDP.encode(), IDP.encode() + b"<!-- x -->.evil.example", 1)
    assert refusal(document) is Reason.RESPONSE_ISSUER


ENTITY_BOMB = (
    b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL_ENTITY = b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [ENTITY_BOMB, EXTERNAL_ENTITY, b"<!DOCTYPE r>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(doctype: bytes, encoding: str) -> None:
    body = etree.tostring(parsed(genuine())).decode()
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert refusal((declaration + doctype.decode() + body).encode(encoding)) is Reason.DTD_FORBIDDEN


@pytest.mark.parametrize("document", [b"", b"not xml", b"<a>", b"\x00\xff", b"<a/><b/>"])
def test_what_is_not_xml_is_refused(document: bytes) -> None:
    assert refusal(document) is Reason.MALFORMED_XML


def test_what_is_not_base64_is_refused() -> None:
    for text in ("%%%", "abc", b64encode(genuine()).decode() + "è", "AAAA\x00"):
        with pytest.raises(ResponseRefused) as refused:
            receive(text)
        assert refused.value.reason is Reason.NOT_BASE64


def test_base64_in_lines_is_accepted() -> None:
    text = b64encode(genuine()).decode()
    lines = "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    assert receive(lines).in_response_to == EXPECTED.request_id


def test_a_response_of_one_megabyte_is_refused() -> None:
    padded = genuine().replace(b"</samlp:Response>", b" " * 1_000_000 + b"</samlp:Response>")
    assert len(padded) > MESSAGE_BYTES_MAX
    assert refusal(padded) is Reason.TOO_LARGE


def test_an_answer_nested_thousands_deep_is_refused() -> None:
    deep = genuine().replace(b"</samlp:Response>", b"<a>" * 5000 + b"</a>" * 5000 + b"</samlp:Response>")
    assert refusal(deep) is Reason.MALFORMED_XML


@pytest.mark.parametrize("seed", range(4))
def test_no_mutation_of_a_genuine_answer_is_accepted_and_none_is_a_server_error(seed: int) -> None:
    chance = random.Random(seed)
    document = genuine()
    for _ in range(250):
        changed = mutated(document, chance)
        assert refusal(changed) is not None, changed


def test_mutations_around_an_assertion_signed_alone_do_not_change_who_logs_in() -> None:
    chance = random.Random(5)
    document = signed_assertion_only()
    for _ in range(250):
        changed = mutated(document, chance)
        if refusal(changed) is None:
            assert read(changed).attributes == ATTRIBUTES


def test_every_reason_has_a_test_that_names_it() -> None:
    folders = [Path(__file__).parent, Path(__file__).parents[2] / "integration" / "identity"]
    tests = "".join(file.read_text() for folder in folders for file in folder.glob("test_*.py"))
    assert [reason.name for reason in Reason if not re.search(rf"Reason\.{reason.name}\b", tests)] == []
