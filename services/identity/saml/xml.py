"""Untrusted XML read, and our own written."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(?:Z|\+00:00)")


class ForbiddenMarkup(ValueError):
    """The bytes are no XML, or hold a document type; `what` is `malformed` or `dtd`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def parse(document: bytes) -> etree._Element:
    """Parse untrusted bytes into their root element, with their comments. Raises ForbiddenMarkup."""
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise ForbiddenMarkup("dtd")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        tree = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise ForbiddenMarkup("malformed") from None
    info = tree.getroottree().docinfo
    # Again on the parsed document: in UTF-16 or UTF-7 the bytes above look different.
    if info.internalDTD is not None or info.externalDTD is not None:
        raise ForbiddenMarkup("dtd")
    return tree


def has_comments(element: etree._Element) -> bool:
    """Return whether a comment or processing instruction stands inside `element`."""
    return next(element.iter(etree.Comment, etree.ProcessingInstruction), None) is not None


def drop_comments(element: etree._Element) -> None:
    """Remove comments and processing instructions, so that no text is cut in two by one."""
    etree.strip_tags(element, etree.Comment, etree.ProcessingInstruction)


def text(element: etree._Element | None) -> str:
    """Return the element's own text without surrounding white space; empty when there is no element.

    Identity providers wrap lines inside Issuer, Audience and NameID.
    """
    return (element.text or "").strip() if element is not None else ""


def instant(moment: datetime) -> str:
    """Write an instant as SPID wants it: UTC, whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(value: str | None) -> datetime | None:
    """Read an xs:dateTime in UTC with any number of decimals; None when it is not one."""
    match = _INSTANT.fullmatch(value or "")
    if not match:
        return None
    try:
        moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.replace(microsecond=int(float(match[2] or 0) * 1_000_000))


def root(name: str, prefixes: Mapping[str, str], /, **attributes: str) -> etree._Element:
    """Make the root element `{namespace}name` of a message; `prefixes` maps namespace prefixes to URIs."""
    return etree.Element(name, attributes, nsmap=dict(prefixes))


def child(parent: etree._Element, name: str, content: str | None = None, /, **attributes: str) -> etree._Element:
    """Append an element `{namespace}name` with text and attributes to `parent`, and return it."""
    made = etree.SubElement(parent, name, attributes)
    made.text = content
    return made
