"""Opening and closing SOAP 1.1 envelopes. What the node sends is hostile until it is parsed."""

import re
from typing import Final

from lxml import etree

from services.payments.hostile_xml import Unreadable, parse

SOAP_NS: Final = "http://schemas.xmlsoap.org/soap/envelope/"
PA_NS: Final = "http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"

# The largest real message, a receipt with five stamps attached, stays far below.
MAX_ENVELOPE_CHARS: Final = 1_000_000

# The text is Unicode already, so what a declaration says about bytes no longer holds.
XML_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def open_envelope(text: str) -> etree._Element:
    """Return the one element in the Body of a SOAP 1.1 envelope.

    Refuses document types (so there are no entities to expand), large documents and anything that is not well formed.
    Raises Unreadable.
    """
    if len(text) > MAX_ENVELOPE_CHARS:
        raise Unreadable("too large")
    try:
        content = XML_DECLARATION.sub("", text).encode()
    except UnicodeEncodeError:
        raise Unreadable("not well formed") from None
    root = parse(content)
    body = root.find(f"{{{SOAP_NS}}}Body") if root.tag == f"{{{SOAP_NS}}}Envelope" else None
    if body is None or len(body) != 1:
        raise Unreadable("not a SOAP 1.1 envelope with one body element")
    return body[0]


def enveloped(content: bytes) -> str:
    """Return a message of the node that is in a file as the text of an envelope: the message itself may do without.

    Raises Unreadable.
    """
    root = parse(content)
    encoding = root.getroottree().docinfo.encoding or "UTF-8"
    text = content.decode(encoding)
    if root.tag == f"{{{SOAP_NS}}}Envelope":
        return text
    inside = XML_DECLARATION.sub("", text)
    return f'<soapenv:Envelope xmlns:soapenv="{SOAP_NS}"><soapenv:Body>{inside}</soapenv:Body></soapenv:Envelope>'


def close_envelope(message: etree._Element) -> str:
    """Return the text of an envelope around `message`."""
    envelope = etree.Element(f"{{{SOAP_NS}}}Envelope", nsmap={"soapenv": SOAP_NS, "paf": PA_NS})
    etree.SubElement(envelope, f"{{{SOAP_NS}}}Body").append(message)
    etree.cleanup_namespaces(envelope, keep_ns_prefixes=["soapenv", "paf"])
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8").decode()


def element(name: str) -> etree._Element:
    """Make a message root: in the namespace, unlike its children."""
    return etree.Element(f"{{{PA_NS}}}{name}", nsmap={"paf": PA_NS})


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Append a child in no namespace; characters that XML cannot carry are left out of its text."""
    child = etree.SubElement(parent, name)
    if text is not None:
        child.text = _NOT_XML.sub("", text)
    return child


def soap_fault(reason: str) -> str:
    """Return the envelope for a message of which not even the operation is known."""
    fault = etree.Element(f"{{{SOAP_NS}}}Fault", nsmap={"soapenv": SOAP_NS})
    add(fault, "faultcode", "soapenv:Client")
    add(fault, "faultstring", reason)
    return close_envelope(fault)


def http_status(answer: str) -> int:
    """Return the status an answer of ours travels under: 500 for a soap:Fault (SOAP 1.1, section 6.2), else 200."""
    return 500 if "<soapenv:Fault" in answer else 200
