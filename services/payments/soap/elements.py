"""Reading the children of an element."""

from datetime import datetime

from lxml import etree

from services.payments.domain.node_time import from_node


def text_of(parent: etree._Element, path: str) -> str:
    """Return the text of a child, empty where it is absent."""
    return parent.findtext(path) or ""


def optional_text(parent: etree._Element, path: str) -> str | None:
    """Return the text of a child, None where it is absent or empty."""
    return parent.findtext(path) or None


def cents(amount: str) -> int:
    """Read an amount that the schema has passed."""
    euro, rest = amount.strip().split(".")
    return int(euro) * 100 + int(rest)


def moment(text: str | None) -> datetime | None:
    """Read an xsd:dateTime. The few that Python cannot hold (24:00:00, year 0) count as not given."""
    try:
        return from_node(datetime.fromisoformat(text.strip())) if text else None
    except (ValueError, OverflowError):
        return None
