"""What is wrong with which field: marshmallow's findings as JSON pointers, stable codes and two languages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.error_details import InvalidRequest
from contracts.errors import ErrorCode, Refused

# marshmallow says what is wrong in an English sentence only; the first pattern that fits gives the stable code.
_CODE_OF_MESSAGE: Final = (
    (re.compile(r"Missing data for required field"), "required"),
    (re.compile(r"Unknown field"), "unknown"),
    (re.compile(r"may not be null"), "required"),
    (re.compile(r"Length must be|Shorter than|Longer than"), "length"),
    (re.compile(r"Must be one of"), "choice"),
    (re.compile(r"Must be (greater|less)|Must be between"), "range"),
    (re.compile(r"Not a valid|Invalid input type|Invalid value"), "type"),
)

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "required": {"it": "Campo obbligatorio.", "en": "This field is required."},
    "unknown": {"it": "Campo sconosciuto.", "en": "This field is not known."},
    "length": {"it": "Lunghezza non ammessa.", "en": "The length is not allowed."},
    "choice": {"it": "Valore non tra quelli ammessi.", "en": "The value is not among those allowed."},
    "range": {"it": "Valore fuori dai limiti.", "en": "The value is out of range."},
    "type": {"it": "Tipo di valore non valido.", "en": "The value is of the wrong type."},
    "characters": {
        "it": "Contiene caratteri non ammessi, per esempio di controllo.",
        "en": "It holds characters that are not allowed, control characters for example.",
    },
    "either": {"it": "Da indicare in alternativa, non insieme.", "en": "Send this or the other field, not both."},
    "invalid": {"it": "Valore non valido.", "en": "The value is not valid."},
}

FIELD_ERROR_CODES: Final = tuple(_TEXTS)


@dataclass(frozen=True)
class FieldError:
    """One field and what is wrong with it.

    `place` is `pointer` (JSON Pointer, RFC 6901, into the body) or `parameter` (a query parameter or header);
    `code` is a key of the table above or an ErrorCode.
    """

    place: str
    name: str
    code: str

    def as_json(self) -> dict[str, str]:
        """Return the member of a problem's `errors`, still without its sentence."""
        return {self.place: self.name, "code": self.code}


def invalid(errors: Iterable[FieldError]) -> Refused:
    """Return an INVALID_REQUEST that says which fields are wrong; problems.py writes the sentences."""
    return Refused(ErrorCode.INVALID_REQUEST, InvalidRequest(errors=[error.as_json() for error in errors]))


def field_text(code: str, language: str) -> str:
    """Return the sentence for a field error code; one that is not in the table is an invalid value."""
    return _TEXTS.get(code, _TEXTS["invalid"])[language]


def of_body(messages: Mapping[Any, Any]) -> tuple[FieldError, ...]:
    """Read marshmallow's error messages about a body."""
    return tuple(FieldError("pointer", pointer, code) for pointer, code in _walk(messages, ""))


def of_parameters(messages: Mapping[Any, Any]) -> tuple[FieldError, ...]:
    """Read marshmallow's error messages about a query string."""
    return tuple(
        FieldError("parameter", pointer.split("/")[1] if pointer else "", code) for pointer, code in _walk(messages, "")
    )


_OF_MAP: Final = frozenset({"key", "value"})
"""What marshmallow says of a map's entry stands under these; no body has fields of these names."""


def _walk(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        of_map = set(messages) <= _OF_MAP
        for key, below in messages.items():
            step = "" if of_map or key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from _walk(below, pointer + step)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield pointer, _code(str(message))


def _code(message: str) -> str:
    return next((code for pattern, code in _CODE_OF_MESSAGE if pattern.search(message)), "invalid")
