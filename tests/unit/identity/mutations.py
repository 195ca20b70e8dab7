"""Random changes of a genuine answer that mean something, in its elements and in its bytes."""

import random
import string
from base64 import b64decode
from copy import deepcopy
from typing import Final

from lxml import etree

from tests.unit.identity.spid_world import IDP, NS

_LETTERS: Final = (string.ascii_letters + string.digits + "<>&\"'=/:#-;!?[]_.+").encode()
_KEY_INFO: Final = f"{{{NS['ds']}}}KeyInfo"
_SIGNATURE_VALUE: Final = f"{{{NS['ds']}}}SignatureValue"


def mutated(document: bytes, chance: random.Random) -> bytes:
    """Return `document` with another meaning, or none at all: never one that says the same in other words.

    Nor the same without the Response's own signature, which SPID leaves to the identity provider.
    """
    genuine = (meaning(document), meaning(_without_response_signature(document)))
    while True:
        changed = chance.choice((_with_other_elements, _with_other_elements, _with_other_bytes))(document, chance)
        if meaning(changed) not in genuine:
            return changed


def _without_response_signature(document: bytes) -> bytes:
    root = etree.fromstring(document)
    for signature in root.findall("ds:Signature", NS):
        root.remove(signature)
    return bytes(etree.tostring(root))


def meaning(document: bytes) -> bytes | None:
    """Return what is left without comments, the form of markup, unused namespaces and KeyInfo, which nobody reads."""
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    etree.strip_elements(root, _KEY_INFO, with_tail=False)
    for value in root.iter(_SIGNATURE_VALUE):
        value.text = _number(value.text or "")
    try:
        return bytes(etree.tostring(root, method="c14n", exclusive=True, with_comments=False))
    except etree.C14NError:  # a relative namespace has no canonical form
        return None


def _number(text: str) -> str:
    """Base64 has several spellings of the same bytes."""
    try:
        return b64decode("".join(text.split()), validate=True).hex()
    except ValueError:
        return text


def _with_other_elements(document: bytes, chance: random.Random) -> bytes:
    root = etree.fromstring(document)
    nodes = list(root.iter())
    node = chance.choice(nodes)
    kind = chance.randrange(6)
    parent = node.getparent()
    if kind == 0 and node.text and node.text.strip():
        place = chance.randrange(len(node.text))
        letter = chance.choice("AZ09+x")
        node.text = node.text[:place] + letter + node.text[place + (node.text[place] != letter) :]
    elif kind == 1 and node.attrib:
        name = chance.choice([str(key) for key in node.attrib])
        node.set(name, chance.choice(["", "x", f"{node.get(name)}x", IDP, "2099-01-01T00:00:00Z"]))
    elif kind == 2 and parent is not None:
        parent.remove(node)
    elif kind == 3 and parent is not None:
        parent.insert(chance.randrange(len(parent) + 1), deepcopy(node))
    elif kind == 4:
        chance.choice(nodes).append(deepcopy(node))
    elif kind == 5 and node.attrib:
        del node.attrib[chance.choice([str(key) for key in node.attrib])]
    return bytes(etree.tostring(root))


def _with_other_bytes(document: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(document))
    end = min(len(document), start + chance.choice((1, 1, 1, 2, 8, 64, 512)))
    piece = bytes(chance.choice(_LETTERS) for _ in range(chance.choice((0, 1, 1, 2, end - start))))
    kind = chance.randrange(5)
    if kind == 0:
        return document[:start] + piece + document[end:]
    if kind == 1:
        return document[:start] + piece + document[start:]
    if kind == 2:
        return document[:end] + document[start:]
    if kind == 3:
        return document[:start]
    flipped = document[start] ^ (1 << chance.randrange(8))
    return document[:start] + bytes([flipped]) + document[start + 1 :]
