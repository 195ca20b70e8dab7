"""What is wrong with a catalogue file, for whoever wrote it: file, line, what is wrong, and what to do about it."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from services.practices import catalogue_document, catalogue_file
from services.practices.catalogue_document import Document, Path, UnreadableError

_PREFIX: Final = re.compile(r"([a-z_][a-z_0-9.\[\]]*): (.+)", re.DOTALL)
_PREFIX_PART: Final = re.compile(r"[a-z_]+|[0-9]+")
_MISSING: Final = "Missing data for required field."
_UNKNOWN: Final = "Unknown field."
_REMEDY_OF_FIELD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": "a code of 1 to 35 letters, digits, - and _, which addresses and files name it by",
        "fiscal_code": "the 11 digits of the body, whose last one is computed from the others",
        "broker_fiscal_code": "the 11 digits of who connects the body to pagoPA; its own where it does so itself",
        "segregation_code": "two digits in quotes, as pagoPA has given them: '01'",
        "iban": "the 27 characters of an Italian IBAN without spaces",
        "postal_iban": "the IBAN of an account at Poste Italiane (ABI 07601), or leave the line out",
        "category": "prefix, code and slash as pagoPA's taxonomy has them: 9/0101101IM/",
        "cbill": "up to 16 capital letters and digits, or leave the line out",
        "postal_account": "up to 12 digits in quotes, or leave the line out",
        "company_name": "shorten it: a notice has room for 100 characters",
        "office_name": "shorten it: a notice has room for 50 characters",
        "postal_account_holder": "shorten it: a postal slip has room for 50 characters",
        "postal_authorisation": "shorten it: a postal slip has room for 60 characters",
        "min_cents": "whole cents: 1600 are 16.00 euro; enough for the shares and the stamp",
        "max_cents": "whole cents: 1600 are 16.00 euro; no less than min_cents",
        "unit_cents": "whole cents: 2500 are steps of 25.00 euro",
        "fixed_cents": "whole cents: 1600 are 16.00 euro; without min_cents, max_cents and unit_cents",
        "choices": "two or more, each with `cents` (of a field `value`) and a `title` in Italian and English",
        "cents": "whole cents: 1600 are 16.00 euro",
        "amount_cents": "whole cents: 1600 are 16.00 euro",
        "stamp_cents": "whole cents of the stamp, within the least amount",
        "shares": "four shares at most beside the body's own part",
        "demand": "service_id and subject_id of five characters, each pair once in the file",
        "columns": "their header: our column; an empty text passes a column over",
        "constants": "our column: what stands under it in every row",
        "extra_fields": "twelve at most, each with `name`, `kind` and a `label` in Italian and English",
        "name": "up to 35 small letters, digits and _, beginning with a letter, which no other column is called by",
        "kind": "text, number, date, choice, fiscal_code, plate or meter",
        "max_chars": "a whole number from 1 to 70, of a text only",
        "shape": "of a text only: A for a letter, 9 for a digit, the rest as it is: 9999/AA",
        "decimals": "0 to 3, of a number only",
        "least": "of a number as 0.5, of a date as 2026-12-31",
        "most": "of a number as 0.5, of a date as 2026-12-31, no less than least",
        "value": "up to 35 letters, digits, - and _",
        "required": "true or false",
        "practices_days": "whole days, 30 to 36525",
        "receipts_days": "whole days, 30 to 36525",
        "files_days": "whole days, 30 to 36525",
        "traces_days": "whole days, 30 to 36525",
        "paused": "true or false",
        "languages": "it and en, and of de, fr and sl those that every text is in",
        "payers": "person, company or both; leave the line out where everybody may",
        "notice_text": "shorten it: 140 characters in each language",
        "de": "the German text, or leave `de` out of the languages of the entity",
        "fr": "the French text, or leave `fr` out of the languages of the entity",
        "sl": "the Slovene text, or leave `sl` out of the languages of the entity",
        "takes_beneficiary": "true or false; true where one is required",
        "spontaneous": "true or false",
        "allows_anonymous": "true or false",
        "requires_beneficiary": "true or false",
        "accepts_late": "true or false",
        "it": "the Italian text",
        "en": "the English text",
    }
)
_REMEDY_OF_MESSAGE: Final[tuple[tuple[str, str], ...]] = (
    ("valid boolean", "write true or false"),
    ("valid integer", "write a whole number"),
    ("valid string", "write a text, in quotes where it is all digits"),
    ("valid mapping", "write `name: value` lines, indented by two"),
    ("Invalid input type", "write `name: value` lines, indented by two"),
    ("valid list", "write a list, each item behind `- `"),
    ("may not be null", "write a value behind the colon, or leave the line out"),
    ("control characters", "write the text again without them"),
)


@dataclass(frozen=True)
class Mistake:
    """One mistake. `line` is None where it is not known."""

    file_name: str
    line: int | None
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Return it as a line that editors jump to."""
        where = self.file_name if self.line is None else f"{self.file_name}:{self.line}"
        place = f"{self.place}: " if self.place else ""
        return f"{where}: {place}{self.problem}; {self.remedy}"


def of_text(file_name: str, text: str, *, test_codes: bool = False) -> list[Mistake]:
    """Return what is wrong with a file, in the order of its lines; nothing where it may be loaded."""
    try:
        document = catalogue_document.read(text, is_json=file_name.endswith(".json"))
    except UnreadableError as error:
        return [Mistake(file_name, error.line, "", error.problem, error.remedy)]
    return of_document(file_name, document, test_codes=test_codes)


def of_document(file_name: str, document: Document, *, test_codes: bool = False) -> list[Mistake]:
    """Return what is wrong with a file that was read."""
    errors = catalogue_file.errors_of(document.content, test_codes=test_codes)
    found = [_mistake(file_name, document, path, message) for path, message in _flattened(errors, ())]
    return sorted(found, key=lambda one: (one.line or 0, one.place))


def across(documents: Mapping[str, Document]) -> list[str]:
    """Return what is wrong with files that are loaded together, each good by itself: entities that come twice."""
    seen: dict[str, str] = {}
    found: list[str] = []
    for file_name, document in documents.items():
        entities = document.content.get("entities")
        for place, entity in enumerate(entities if isinstance(entities, list) else []):
            code = entity.get("code") if isinstance(entity, dict) else None
            if not isinstance(code, str):
                continue
            if seen.setdefault(code, file_name) != file_name:
                line = _line(document, ("entities", place, "code"))
                told = Mistake(
                    file_name, line, f"{code}.code", f"stands in {seen[code]} too", "give one file for each entity"
                )
                found.append(str(told))
    return found


def _flattened(errors: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield marshmallow's messages with where they belong."""
    if isinstance(errors, Mapping):
        for name, below in errors.items():
            # What is wrong with a whole, and with a name or a value of a mapping, belongs to it.
            yield from _flattened(below, path if name in {"_schema", "key", "value"} else (*path, name))
    elif isinstance(errors, str):
        yield path, errors
    else:
        for message in errors:
            yield from _flattened(message, path)


def _mistake(file_name: str, document: Document, path: Path, message: str) -> Mistake:
    prefixed = _PREFIX.fullmatch(message)
    if prefixed:  # of more than one field, said of what holds them
        below = [int(part) if part.isdigit() else part for part in _PREFIX_PART.findall(prefixed[1])]
        path, message = (*path, *below), prefixed[2]
    place = _place(document.content, path)
    return Mistake(file_name, _line(document, path), place, _problem(message), _remedy(path, message))


def _line(document: Document, path: Path) -> int | None:
    """Return the line of what is at fault, of what holds it where it is not there."""
    return next((document.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in document.lines), None)


def _place(content: Any, path: Path) -> str:
    """Return where it is in words: entities and services by their codes."""
    words: list[str] = []
    for part in path:
        inner = _below(content, part)
        if isinstance(part, int):
            words[-1:] = (
                [str(inner["code"])] if isinstance(inner, dict) and inner.get("code") else [f"{words[-1]}[{part}]"]
            )
        else:
            words.append(part)
        content = inner
    return ".".join(words)


def _below(content: Any, part: str | int) -> Any:
    if isinstance(content, dict):
        return content.get(part)
    return content[part] if isinstance(content, list) and isinstance(part, int) and part < len(content) else None


def _problem(message: str) -> str:
    return {_MISSING: "is missing", _UNKNOWN: "is no field of a catalogue"}.get(message, message.rstrip("."))


def _remedy(path: Path, message: str) -> str:
    names = [part for part in path if isinstance(part, str)]
    name = next((part for part in reversed(names[-2:]) if part in _REMEDY_OF_FIELD), names[-1] if names else "")
    if message == _UNKNOWN:
        meant = difflib.get_close_matches(names[-1], catalogue_file.FIELD_NAMES, n=1)
        return f"did you mean {meant[0]}? Else leave the line out" if meant else "leave the line out"
    if name in _REMEDY_OF_FIELD:
        return f"write {name}: {_REMEDY_OF_FIELD[name]}" if message == _MISSING else _REMEDY_OF_FIELD[name]
    by_message = next((remedy for words, remedy in _REMEDY_OF_MESSAGE if words in message), None)
    return by_message or (f"write a line `{name}: …`" if message == _MISSING else "see docs/catalogue.md")
