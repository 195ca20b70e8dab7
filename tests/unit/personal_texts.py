"""What bodies and payers write of a person: names in any order, case and Unicode form, with codes between them."""

import unicodedata
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

NAMES: Final = (
    "Mario",
    "Dell'Aquila",
    "Dell\u2019Aquila",
    "Đorđević",
    "Nicolò",
    "Maria Grazia",
    "D'Angelo",
    "Łukasz",
    "O",
)
SURNAMES: Final = ("Rossi", "De\u0300 Luca", "Þór", "Nguyễn", "Bianchi-Verdi", "Li")
SECRETS: Final = (
    "RSSMRA85T10A562S",
    "rssmra 85t10 a562s",
    "nato il 10/12/1985",
    "10-XII-1985",
    "tel. 347 1234567",
    "+39.347.1234567",
    "mario.rossi@posta.example",
    "IC Dante Alighieri",
    "Violino classe 3B",
    "matricola 123456",
)


def _written(
    parts: tuple[str, str, str, str], separator: str, cased: Callable[[str], str], form: Any, turn: int
) -> str:
    words = [*parts[turn:], *parts[:turn]]
    return unicodedata.normalize(form, cased(separator.join(words)))


# A name in some order, case and Unicode form, with codes before, between and after.
TEXTS: Final = st.builds(
    _written,
    st.tuples(*(st.sampled_from(each) for each in (NAMES, SURNAMES, SECRETS)), st.text(max_size=9)),
    st.sampled_from([" ", ", ", "_", "", "\u00a0", " - "]),
    st.sampled_from([str.upper, str.lower, str.title, str]),
    st.sampled_from(["NFC", "NFD", "NFKD"]),
    st.integers(0, 3),
)
