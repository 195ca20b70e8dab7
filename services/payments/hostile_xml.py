"""How XML from outside is parsed, whichever door it came through."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

# A document type stands before the root element, behind instructions and comments, or nowhere: what looks like one in
# a comment or a value is text.
_DOCTYPE: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE | re.DOTALL
)
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


class Unreadable(Exception):
    """Nothing that can be read safely. The message says why, without quoting it."""


def parse(content: bytes, *, whole: bool = False) -> etree._Element:
    """Return the root of a document, following and expanding nothing.

    `whole` leaves comments and instructions in, for what is signed. Raises Unreadable, also for document types.
    """
    if _DOCTYPE.match(content):
        raise Unreadable("document types are refused")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, LookupError):
        raise Unreadable("not well formed") from None
    # In an encoding that is not a superset of ASCII the search above finds nothing.
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("document types are refused")
    return root


def drop_xsi(root: etree._Element) -> None:
    """Take off xsi:type, xsi:schemaLocation and their like, which say nothing about the content."""
    for element in root.iter(etree.Element):
        for name in [str(name) for name in element.attrib if str(name).startswith(f"{{{XSI}}}")]:
            del element.attrib[name]


@cache
def relax_ng(file: Path) -> etree.RelaxNG:
    """Return one of our schemas, read once."""
    return etree.RelaxNG(etree.parse(file))
