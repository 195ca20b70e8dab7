"""The fields of Inserimento pratica: what they are called, what was typed, and what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from uuid import uuid4

from contracts.codes import DESCRIPTION_MAX_CHARS, AmountCents
from contracts.errors import ErrorCode, Refused
from gateway.messages import MESSAGES
from gateway.translations import marked as _
from gateway.web.page import Form, cleaned
from gateway.web.provinces import PROVINCES

BENEFICIARY_FIELDS: Final[Mapping[str, str]] = {
    "full_name": _("Cognome e Nome"),
    "course": _("Corso"),
    "school": _("Scuola"),
    "contribution_type": _("Tipologia di contributo didattico"),
}
_STAMP_FIELDS: Final = ("document_hash", "document_name", "province")
_FIELDS: Final = ("amount", "description", "anonymous", *BENEFICIARY_FIELDS, *_STAMP_FIELDS)
_BENEFICIARY_MAX_CHARS: Final = 70
_SHA256: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_KEY: Final = re.compile(r"[0-9a-f-]{36}")
_REQUIRED: Final = _("Campo obbligatorio.")
_TOO_LONG: Final = _("Massimo 70 caratteri.")
_NO_DOCUMENT: Final = _("Scegli il file del documento su cui va la marca da bollo.")
_NO_PROVINCE: Final = _("Scrivi le due lettere di una provincia italiana, per esempio MI.")
_TICK: Final = _("Senza accesso con SPID l'inserimento è anonimo: conferma con la spunta, oppure entra con SPID.")


class FormKind(Enum):
    """Which fields the form has beside the amount."""

    description = "description"
    beneficiary = "beneficiary"
    anonymous = "anonymous"

    @property
    def has_beneficiary(self) -> bool:
        """Whether the four fields about the student take the place of the causale."""
        return self is not FormKind.description


@dataclass(frozen=True)
class InsertionForm:
    """The form as typed. `key` makes a double click land on the same practice; `errors` are by field.

    `needs_stamp`: it asks for the document of a digital stamp. A document chosen once is remembered by its hash.
    """

    kind: FormKind
    key: str
    values: Mapping[str, str]
    amount_cents: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    needs_stamp: bool = False

    @classmethod
    def empty(
        cls, kind: FormKind, key: str, beneficiary: Mapping[str, str] | None = None, *, needs_stamp: bool = False
    ) -> "InsertionForm":
        """Return a form nobody has typed in, but for a student paid for before."""
        values = dict.fromkeys(_FIELDS, "")
        values |= {name: beneficiary[name] for name in BENEFICIARY_FIELDS if beneficiary}
        return cls(kind, key, values, needs_stamp=needs_stamp)

    @property
    def stamp(self) -> dict[str, str] | None:
        """What a digital stamp is bought for, as contracts.fields.Stamp."""
        names = ("document_hash", "province")
        return {name: self.values[name] for name in names} if self.needs_stamp else None

    @property
    def beneficiary(self) -> dict[str, str]:
        """The four fields as contracts.fields.Beneficiary."""
        return {name: self.values[name] for name in BENEFICIARY_FIELDS}


def read(form: Form, kind: FormKind, *, needs_stamp: bool = False) -> InsertionForm:
    """Read what was typed and find what can be told wrong without asking a service."""
    values = {name: cleaned(form, name) for name in _FIELDS}
    values["province"] = values["province"].upper()
    key = form.get("key", "")
    # In the order of the fields on the page, which is the order they are listed in above it.
    errors: dict[str, str] = {}
    if kind is FormKind.anonymous and values["anonymous"] != "si":
        errors["anonymous"] = _TICK
    if kind.has_beneficiary:
        errors |= _beneficiary_errors(values)
    amount_cents = _read_amount(values["amount"], errors)
    if not kind.has_beneficiary:
        errors |= _description_errors(values["description"])
    if needs_stamp:
        errors |= _stamp_errors(values)
    key = key if _KEY.fullmatch(key) else str(uuid4())
    return InsertionForm(kind, key, values, amount_cents, errors, needs_stamp)


def _read_amount(text: str, errors: dict[str, str]) -> int:
    try:
        return AmountCents.typed(text)
    except Refused as refusal:
        errors["amount"] = MESSAGES[refusal.code].sentence if text else _REQUIRED
        return 0


def _description_errors(text: str) -> dict[str, str]:
    if not text:
        return {"description": MESSAGES[ErrorCode.DESCRIPTION_REQUIRED].sentence}
    if len(text) > DESCRIPTION_MAX_CHARS:
        return {"description": MESSAGES[ErrorCode.DESCRIPTION_TOO_LONG].sentence}
    return {}


def _stamp_errors(values: Mapping[str, str]) -> dict[str, str]:
    errors = {} if _SHA256.fullmatch(values["document_hash"]) else {"document": _NO_DOCUMENT}
    return errors if values["province"] in PROVINCES else errors | {"province": _NO_PROVINCE}


def _beneficiary_errors(values: Mapping[str, str]) -> dict[str, str]:
    errors = {name: _REQUIRED for name in BENEFICIARY_FIELDS if not values[name]}
    return errors | {name: _TOO_LONG for name in BENEFICIARY_FIELDS if len(values[name]) > _BENEFICIARY_MAX_CHARS}
