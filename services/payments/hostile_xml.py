"""How XML from outside is parsed, whichever door it came through."""

from lxml import etree


def parser(*, whole: bool = False) -> etree.XMLParser:
    """Return a parser that follows nothing and expands nothing; document types are refused before it.

    `whole` keeps comments and instructions, for what is signed.
    """
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
    )
