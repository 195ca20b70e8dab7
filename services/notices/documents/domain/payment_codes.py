"""The two strings a payment terminal reads from the notice: pagoPA's QR code and the Poste Data Matrix.

Layout: shared specification pagopa.md sections 2.4 and 2.5.
"""

import re
import unicodedata
from typing import Final

from anyascii import anyascii

POSTAL_AMOUNT_MAX_CENTS: Final = 9_999_999_999
"""The slip's code has ten digits for the amount; above it there is no postal slip."""

# The one sign that is written as a letter: others are dropped.
_EURO: Final = {ord("€"): "E"}


def qr_text(notice_number: str, creditor_fiscal_code: str, amount_cents: int) -> str:
    """Return `PAGOPA|002|<NAV>|<CF ente>|<cents>`, the amount with at least two digits."""
    return f"PAGOPA|002|{notice_number}|{creditor_fiscal_code}|{amount_cents:02d}"


def postal_text(
    *,
    notice_number: str,
    account: str,
    amount_cents: int,
    creditor_fiscal_code: str,
    debtor_fiscal_code: str,
    debtor_name: str,
    description: str,
) -> str:
    """Return the 256 characters of a type P1 (896) postal slip.

    `account`: up to 12 digits. Raises ValueError when a field of fixed width does not fit; names and causale
    are cut to theirs, as the form says.
    """
    if not re.fullmatch(r"\d{1,12}", account) or amount_cents > POSTAL_AMOUNT_MAX_CENTS:
        raise ValueError("account or amount too long for a postal slip")
    codeline = f"18{notice_number}12{account:0>12}10{amount_cents:010d}3896"
    fiscal_code = re.sub("[^A-Z0-9]", " ", postal_charset(debtor_fiscal_code))
    text = (
        f"codfase=NBPA;{codeline}1P1{creditor_fiscal_code}{fiscal_code:<16.16}"
        f"{postal_charset(debtor_name):<40.40}{postal_charset(description):<110.110}{'':12}A"
    )
    if len(text) != 256:
        raise ValueError("notice number or creditor fiscal code of the wrong length")
    return text


def postal_charset(text: str) -> str:
    """Upper-case ASCII: letters of other alphabets are transliterated, typographic marks made plain.

    What stands for no letter, figure or mark (an emoji) becomes a space.
    """
    composed = unicodedata.normalize("NFC", text.translate(_EURO))
    plain = "".join(map(_ascii, composed)).upper()
    return "".join(character if " " <= character <= "~" else " " for character in plain)


def _ascii(character: str) -> str:
    """Transliterate one character: `Đ` to `D`, `Þ` to `TH`, `Ж` to `Zh`, `№` to `No`; accents alone are dropped."""
    simpler = unicodedata.normalize("NFKC", character)
    if simpler.isascii():
        return simpler
    kind = unicodedata.category(character)[0]
    if kind == "M":
        return ""
    # Arabic's ayn and its like are a grave accent in the usual transliteration; a counter's keyboard has the other one.
    return (anyascii(character).replace("`", "'") if kind in "LNP" else "") or " "
