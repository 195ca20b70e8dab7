"""The form Inserimento pratica: which fields it has, what was typed, and what that says or is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from contracts.codes import DESCRIPTION_MAX_CHARS, NAME_MAX_CHARS, AmountCents
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import CatalogueService
from contracts.shapes import Beneficiary, Stamp
from gateway.messages import MESSAGES
from gateway.translations import marked as _
from gateway.web import extra_fields
from gateway.web.extra_fields import REQUIRED as _REQUIRED
from gateway.web.page import Form, cleaned, form_key
from gateway.web.provinces import PROVINCES

BENEFICIARY_FIELDS: Final[Mapping[str, str]] = {
    "full_name": _("Cognome e Nome"),
    "course": _("Corso"),
    "school": _("Scuola"),
    "contribution_type": _("Tipologia di contributo didattico"),
}
_STAMP_FIELDS: Final = ("document_hash", "document_name", "province")
_FIELDS: Final = ("amount", "description", "anonymous", "payer_name", *BENEFICIARY_FIELDS, *_STAMP_FIELDS)
_LINK_AMOUNT_MAX_CHARS: Final = 20
_SHA256: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_TOO_LONG: Final = _("Massimo 70 caratteri.")
_NO_DOCUMENT: Final = _("Scegli il file del documento su cui va la marca da bollo.")
_NO_PROVINCE: Final = _("Scrivi le due lettere di una provincia italiana, per esempio MI.")
_CAUSALE_TOO: Final = _("Con i dati dello studente la causale si compone da sola: lascia vuoto questo campo.")
_TICK: Final = _("Senza accesso con SPID l'inserimento è anonimo: conferma con la spunta, oppure entra con SPID.")


class FormKind(Enum):
    """Which fields the form has beside the amount. `plain` and `payer` do not ask for whom it is paid."""

    description = "description"
    beneficiary = "beneficiary"
    anonymous = "anonymous"
    plain = "plain"
    payer = "payer"

    @classmethod
    def of(cls, service: CatalogueService, *, anonymous: bool = False) -> "FormKind":
        """Return the kind that a service needs. Who inserts anonymously always names somebody."""
        if not service.takes_beneficiary:
            return cls.payer if anonymous else cls.plain
        if anonymous:
            return cls.anonymous
        return cls.beneficiary if service.requires_beneficiary else cls.description

    @property
    def requires_beneficiary(self) -> bool:
        """Return whether the four fields about the student take the place of the causale.

        Every other form that has them has them to be filled in by who pays for a minor: all four or none.
        """
        return self in (FormKind.beneficiary, FormKind.anonymous)

    @property
    def takes_beneficiary(self) -> bool:
        """Return whether the form asks for whom it is paid."""
        return self not in (FormKind.plain, FormKind.payer)

    @property
    def is_anonymous(self) -> bool:
        """Return whether who inserts has not logged in."""
        return self in (FormKind.anonymous, FormKind.payer)


@dataclass(frozen=True)
class Insertion:
    """What a form without errors says."""

    amount_cents: AmountCents
    description: str | None
    beneficiary: Beneficiary | None
    stamp: Stamp | None
    payer_name: str | None
    extras: Mapping[str, str]


@dataclass(frozen=True)
class InsertionForm:
    """The form as typed. `key` makes a double click land on the same practice; `errors` are by field.

    They are our texts in Italian, or written out in the page's language.

    `needs_stamp`: it asks for the document of a digital stamp. A document chosen once is remembered by its hash.
    `insertion` is None while there are errors. `session_is_over`: it can be sent again after a login.
    `is_stale`: it was opened before the login, and must be sent once more.
    """

    kind: FormKind
    key: str
    values: Mapping[str, str]
    needs_stamp: bool
    errors: Mapping[str, str] = field(default_factory=dict)
    insertion: Insertion | None = None
    session_is_over: bool = False
    is_stale: bool = False

    @classmethod
    def empty(
        cls,
        kind: FormKind,
        service: CatalogueService,
        beneficiary: Beneficiary | None = None,
        prefilled: Mapping[str, str] | None = None,
    ) -> "InsertionForm":
        """Return a form nobody has typed in, but for what a link filled in and a student paid for before."""
        values = dict.fromkeys(_names(service), "") | dict(prefilled or {})
        if beneficiary:
            values |= {name: getattr(beneficiary, name) for name in BENEFICIARY_FIELDS}
        return cls(kind, str(uuid4()), values, bool(service.stamp_cents))

    def with_error(self, name: str, sentence: str) -> "InsertionForm":
        """Return the form with an error at a field; `""` stands for the whole form."""
        return replace(self, errors={**self.errors, name: sentence}, insertion=None)

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status of the page that shows it."""
        if self.session_is_over:
            return HTTPStatus.UNAUTHORIZED
        if self.is_stale:
            return HTTPStatus.FORBIDDEN
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK


def prefilled(amount: str, description: str, kind: FormKind) -> Mapping[str, str]:
    """Return the fields that a link's `importo` and `causale` fill in; the payer may change them, and they are checked.

    A causale that the form composes by itself is not among them.
    """
    typed = {"amount": amount[:_LINK_AMOUNT_MAX_CHARS]}
    if not kind.requires_beneficiary:
        typed["description"] = description[:DESCRIPTION_MAX_CHARS]
    return {name: cleaned(typed, name) for name in typed}


def read(form: Form, kind: FormKind, service: CatalogueService) -> InsertionForm:
    """Read what was typed, with what can be told wrong without asking a service."""
    values = {name: cleaned(form, name) for name in _names(service)}
    values["province"] = values["province"].upper()
    needs_stamp = bool(service.stamp_cents)
    amount_cents, amount_errors = _read_amount(values["amount"])
    for_student = _is_for_student(values, kind)
    # In the order of the fields on the page, which is the order they are listed in above it.
    errors = {
        **(_tick_errors(values) if kind.is_anonymous else {}),
        **(_payer_errors(values) if kind is FormKind.payer else {}),
        **(_beneficiary_errors(values) if for_student else {}),
        **extra_fields.errors_of(service, values),
        **amount_errors,
        **({} if kind.requires_beneficiary else _description_errors(values, service, for_student=for_student)),
        **(_stamp_errors(values) if needs_stamp else {}),
    }
    read_form = InsertionForm(kind, form_key(form), values, needs_stamp, errors)
    if errors or amount_cents is None:
        return read_form
    return replace(read_form, insertion=_insertion(read_form, amount_cents, service))


def composes_description(service: CatalogueService) -> bool:
    """Return whether a causale that is left empty is composed of what the service must be told."""
    return any(one.required for one in service.extra_fields)


def _names(service: CatalogueService) -> list[str]:
    return [*_FIELDS, *map(extra_fields.form_name, service.extra_fields)]


def _is_for_student(values: Mapping[str, str], kind: FormKind) -> bool:
    if not kind.takes_beneficiary:
        return False
    return kind.requires_beneficiary or any(values[name] for name in BENEFICIARY_FIELDS)


def _insertion(form: InsertionForm, amount_cents: AmountCents, service: CatalogueService) -> Insertion:
    values = form.values
    return Insertion(
        amount_cents=amount_cents,
        description=values["description"] or None,
        beneficiary=Beneficiary(
            full_name=values["full_name"],
            course=values["course"],
            school=values["school"],
            contribution_type=values["contribution_type"],
        )
        if _is_for_student(values, form.kind)
        else None,
        stamp=Stamp(document_hash=values["document_hash"], province=values["province"]) if form.needs_stamp else None,
        payer_name=values["payer_name"] if form.kind is FormKind.payer else None,
        extras=extra_fields.values_of(service, values),
    )


def _read_amount(text: str) -> tuple[AmountCents | None, Mapping[str, str]]:
    try:
        return AmountCents.typed(text), {}
    except Refused as refusal:
        return None, {"amount": MESSAGES[refusal.code].sentence if text else _REQUIRED}


def _tick_errors(values: Mapping[str, str]) -> Mapping[str, str]:
    return {} if values["anonymous"] == "si" else {"anonymous": _TICK}


def _payer_errors(values: Mapping[str, str]) -> Mapping[str, str]:
    name = values["payer_name"]
    if not name:
        return {"payer_name": _REQUIRED}
    return {"payer_name": _TOO_LONG} if len(name) > NAME_MAX_CHARS else {}


def _description_errors(
    values: Mapping[str, str], service: CatalogueService, *, for_student: bool
) -> Mapping[str, str]:
    text = values["description"]
    if for_student:
        return {"description": _CAUSALE_TOO} if text else {}
    if not text and composes_description(service):
        return {}
    if not text:
        return {"description": MESSAGES[ErrorCode.DESCRIPTION_REQUIRED].sentence}
    if len(text) > DESCRIPTION_MAX_CHARS:
        return {"description": MESSAGES[ErrorCode.DESCRIPTION_TOO_LONG].sentence}
    return {}


def _stamp_errors(values: Mapping[str, str]) -> Mapping[str, str]:
    errors = {} if _SHA256.fullmatch(values["document_hash"]) else {"document": _NO_DOCUMENT}
    return errors if values["province"] in PROVINCES else errors | {"province": _NO_PROVINCE}


def _beneficiary_errors(values: Mapping[str, str]) -> Mapping[str, str]:
    errors = {name: _REQUIRED for name in BENEFICIARY_FIELDS if not values[name]}
    return errors | {name: _TOO_LONG for name in BENEFICIARY_FIELDS if len(values[name]) > NAME_MAX_CHARS}
