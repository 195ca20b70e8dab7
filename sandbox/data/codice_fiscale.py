"""Computes codici fiscali of invented people (DM 23/12/1976)."""

import unicodedata
from datetime import date

from stdnum.it.codicefiscale import calc_check_digit

_MONTHS = "ABCDEHLMPRST"
_VOWELS = "AEIOU"
_FEMALE_DAY_OFFSET = 40


def codice_fiscale(family_name: str, name: str, gender: str, born_on: date, place: str) -> str:
    """Return the code of a person. `gender`: M or F; `place`: the municipality's Belfiore code."""
    day = born_on.day + (_FEMALE_DAY_OFFSET if gender == "F" else 0)
    month = _MONTHS[born_on.month - 1]
    first = f"{_family_part(family_name)}{_name_part(name)}{born_on.year % 100:02d}{month}{day:02d}{place}"
    return first + str(calc_check_digit(first))


def _family_part(family_name: str) -> str:
    consonants, vowels = _letters(family_name)
    return (consonants + vowels + "XXX")[:3]


def _name_part(name: str) -> str:
    consonants, vowels = _letters(name)
    if len(consonants) > 3:
        return consonants[0] + consonants[2:4]
    return (consonants + vowels + "XXX")[:3]


def _letters(text: str) -> tuple[str, str]:
    """Return consonants and vowels, without accents, apostrophes and spaces."""
    plain = unicodedata.normalize("NFD", text.upper())
    letters = [letter for letter in plain if "A" <= letter <= "Z"]
    return (
        "".join(letter for letter in letters if letter not in _VOWELS),
        "".join(letter for letter in letters if letter in _VOWELS),
    )
