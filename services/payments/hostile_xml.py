"""How XML from outside is parsed, whichever door it came through."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

_DOCTYPE: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class Unreadable(Exception):
    """Nothing that can be read safely. The message says why, without quoting it."""


def parse(content: bytes, *, whole: bool = False) -> etree._Element:
    """Return the root of a document, following and expanding nothing.

    `whole` leaves comments and instructions in, for what is signed. Raises Unreadable, also for document types.
    """
    if _DOCTYPE.search(content):
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
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise Unreadable("not well formed") from None


@cache
def relax_ng(file: Path) -> etree.RelaxNG:
    """Return one of our schemas, read once."""
    return etree.RelaxNG(etree.parse(file))
