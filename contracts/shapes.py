"""Messages that several others are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from marshmallow.validate import Length, OneOf, Range, Regexp

from contracts import fields
from contracts.codes import (
    INSTALMENTS_MAX,
    NAME_MAX_CHARS,
    OPTION_MAX_CHARS,
    AmountCents,
    CreditorFiscalCode,
    FiscalCode,
)
from contracts.message import Message

Name = Annotated[str, Length(1, NAME_MAX_CHARS)]
Description = Annotated[str, fields.Description]


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty(Message):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisedText(Message):
    """A text in the two languages of the interface, and in those of documents where somebody has written it so."""

    it: str
    en: str
    de: str | None = None
    fr: str | None = None
    sl: str | None = None

    def in_language(self, language: str) -> str:
        """Return the text in a language, in Italian where there is none."""
        return getattr(self, language, None) or self.it


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject(Message):
    """A debtor or payer, pagoPA's ctSubject. `fiscal_code` is ANONIMO where there is none, or what the node sent."""

    entity_type: Annotated[str, OneOf(["F", "G"])]
    fiscal_code: Annotated[str, Length(2, 16)]
    full_name: Name
    street_name: Annotated[str, Length(max=70)] | None = None
    civic_number: Annotated[str, Length(max=16)] | None = None
    postal_code: Annotated[str, Length(max=16)] | None = None
    city: Annotated[str, Length(max=35)] | None = None
    province: Annotated[str, Length(max=35)] | None = None
    country: Annotated[str, Regexp(r"^[A-Z]{2}$")] | None = None
    email: Annotated[str, Length(max=256)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary(Message):
    """For whom a fee is paid: the student. The causale is composed from these four."""

    full_name: Name
    course: Name
    school: Name
    contribution_type: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor(Message):
    """The entity as pagoPA knows it."""

    code: str
    fiscal_code: CreditorFiscalCode
    company_name: Annotated[str, Length(1, 140)]
    office_name: Annotated[str, Length(max=140)] | None = None
    broker_fiscal_code: CreditorFiscalCode
    station_id: Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp(Message):
    """What a digital revenue stamp (@e.bollo) is bought for: the document's SHA-256, and where the payer lives."""

    document_hash: Annotated[str, Regexp(r"^[A-Za-z0-9+/]{43}=\Z")]
    province: Annotated[str, Regexp(r"^[A-Z]{2}\Z")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Message):
    """One share of a payment, pagoPA's transfer; 1 to 5 of them, amounts adding up to the payment's.

    It goes to an account, or it is a digital revenue stamp (@e.bollo), which has none.
    """

    id_transfer: Annotated[int, Range(1, 5)]
    amount_cents: AmountCents
    fiscal_code: CreditorFiscalCode
    company_name: Annotated[str, Length(1, 140)]
    iban: Annotated[str, Length(1, 35)] | None = None
    stamp: Stamp | None = None
    postal_iban: str | None = None
    remittance_information: Description
    category: Annotated[str, Length(1, 140)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment(Message):
    """Which of how many: `rata 5 di 7`."""

    number: Annotated[int, Range(1, INSTALMENTS_MAX)]
    total: Annotated[int, Range(1, INSTALMENTS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionPart(Message):
    """Which debt position a practice is a part of, and of which option of it: a single sum, or an instalment of a plan.

    The first money for an option of a debtor closes the position's others, those of co-obliged debtors included.
    """

    debt_position: Annotated[str, Length(1, 72)]
    option: Annotated[str, Length(1, OPTION_MAX_CHARS)]
    instalment: Instalment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer(Message):
    """Who is asking. A citizen has the first two, a visitor without login the third.

    `granted_practice_ids`: practices the gateway has already shown to this browser by search or insertion.
    `identified_practice_ids`: those of them found with the debtor's fiscal code; they are shown whole, of the
    others nothing that is about a person.
    """

    citizen_id: UUID | None = None
    fiscal_code: FiscalCode | None = None
    visitor_id: str | None = None
    granted_practice_ids: Sequence[UUID] = field(default_factory=list)
    identified_practice_ids: Sequence[UUID] = field(default_factory=list)
