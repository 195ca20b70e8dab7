"""Reading the children of an element."""

from datetime import datetime

from lxml import etree

from services.payments.domain.node_time import read_moment


def text_of(parent: etree._Element, path: str) -> str:
    """Return the text of a child, empty where it is absent."""
    return parent.findtext(path) or ""


def code_of(parent: etree._Element, path: str) -> str:
    """Return a code: the text of a child without the white space around it, unless it is nothing else."""
    text = text_of(parent, path)
    return text.strip() or text


def optional_text(parent: etree._Element, path: str) -> str | None:
    """Return the text of a child, None where it is absent or empty."""
    return parent.findtext(path) or None


def cents(amount: str) -> int:
    """Read an amount that the schema has passed."""
    euro, rest = amount.strip().split(".")
    return int(euro) * 100 + int(rest)


def moment(text: str | None) -> datetime | None:
    """Read an xsd:dateTime. The few that Python cannot hold (years before 1 and after 9999) count as not given."""
    try:
        return read_moment(text) if text else None
    except (ValueError, OverflowError):
        return None
