"""The catalogue file: entities and services as ops load them, refused where a notice or the money would not fit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Final

from marshmallow import ValidationError
from marshmallow.validate import Length, Range, Regexp
from stdnum import iban, luhn

from contracts.amounts import AmountSchedule
from contracts.codes import AMOUNT_MAX_CENTS, EMAIL_MAX_CHARS, EMAIL_PATTERN
from contracts.errors import Refused
from contracts.extra_fields import EXTRA_CHOICES_MAX, EXTRA_FIELDS_MAX, ExtraChoice, ExtraField
from contracts.message import Message, schema_of
from contracts.rpc.practices import (
    TEXT_LANGUAGES,
    AmountChoice,
    CatalogueService,
    Colours,
    Contacts,
    DemandCodes,
    Entity,
    Retention,
)
from contracts.shapes import Creditor, LocalisedText
from services.practices.catalogue_fields import check_extra_field
from services.practices.debt_file.columns import COLUMNS, OPTIONAL_COLUMNS, DebtFileNames, folded
from services.practices.debt_file.headers import is_column_of_ours
from services.practices.domain.amount_questions import AmountQuestion
from services.practices.domain.archive import ArchiveSettings
from services.practices.domain.contrast import CONTRAST_MIN, least_contrast
from services.practices.domain.debt_rules import AmountRules, readable
from services.practices.domain.transfers import TRANSFERS_MAX, Share

_INFO_MAX_CHARS: Final = 100
_NOTICE_TEXT_MAX_CHARS: Final = 140
_POSTE_ABI: Final = "07601"


def _check_iban(value: str) -> None:
    if not iban.is_valid(value):
        raise ValidationError("not a valid IBAN")


def _check_postal_iban(value: str) -> None:
    _check_iban(value)
    if value[5:10] != _POSTE_ABI:
        raise ValidationError("not an account at Poste Italiane")


def _check_texts(texts: LocalisedText) -> None:
    for language in ("it", "en"):
        if not getattr(texts, language):
            raise ValidationError(f"{language}: a text in every language")


def _check_notice_text(texts: LocalisedText) -> None:
    for language in TEXT_LANGUAGES:
        if len(getattr(texts, language) or "") > _NOTICE_TEXT_MAX_CHARS:
            raise ValidationError(f"{language}: at most {_NOTICE_TEXT_MAX_CHARS} characters")


Texts = Annotated[LocalisedText, _check_texts]
SegregationCode = Annotated[str, Regexp(r"^[0-9]{2}$")]
Code = Annotated[str, Regexp(r"^[A-Za-z0-9_-]{1,35}$")]
Cents = Annotated[int, Range(1, AMOUNT_MAX_CENTS)]
Iban = Annotated[str, _check_iban]
PostalIban = Annotated[str, _check_postal_iban]
# A prefix, the code of the taxonomy (entity, area, service, legal reason), and what the entity appends (pagopa.md 3.9).
# The prefix says whether pagoPA may send a request to pay (pagopa-obligations.md 1.7): 9 yes; 6 not while the amount
# may be less, 7 not as another operator delivers, 8 both.
Category = Annotated[str, Regexp(r"^[6-9]/[0-9]{7}(IM|TS|SP|SA|AP)/")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShare(Share):
    """A share as the catalogue file has it, its accounts and its category checked."""

    company_name: Annotated[str, Length(1, 140)]
    iban: Iban
    postal_iban: PostalIban | None = None
    category: Category


@dataclass(frozen=True, slots=True, kw_only=True)
class FileExtraChoice(ExtraChoice):
    """A value of a field, its title in every language."""

    title: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class FileExtraField(ExtraField):
    """A field of a service, its texts in every language."""

    label: Texts
    help: Texts | None = None
    choices: Annotated[Sequence[FileExtraChoice], Length(max=EXTRA_CHOICES_MAX)] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileService(CatalogueService):
    """A service as the catalogue file has it.

    `accounting_code`: the account or chapter that the entity books its payments under; told to the entity alone.
    `amount_question`: its amounts are asked of the entity's own software.
    """

    code: Code
    title: Texts
    note: Texts | None = None
    category: Category
    min_cents: Cents | None = None
    max_cents: Cents | None = None
    unit_cents: Cents | None = None
    fixed_cents: Cents | None = None
    shares: Sequence[FileShare] = field(default_factory=list)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    accounting_code: Annotated[str, Length(1, 35)] | None = None
    schedule: AmountSchedule | None = None
    notice_text: Annotated[LocalisedText, _check_texts, _check_notice_text] | None = None
    segregation_code: SegregationCode | None = None
    extra_fields: Annotated[Sequence[Annotated[FileExtraField, check_extra_field]], Length(max=EXTRA_FIELDS_MAX)] = (
        field(default_factory=list)
    )
    amount_question: AmountQuestion | None = None


def _check_amounts(service: FileService) -> None:
    """Rules that no amount keeps are slips."""
    choices = [choice.cents for choice in service.choices]
    rules = AmountRules(service.min_cents, service.max_cents, service.unit_cents)
    if service.fixed_cents is not None and (choices or rules != AmountRules()):
        raise ValidationError("fixed_cents: it is the only amount, so there are no limits, steps or choices beside it")
    if len(choices) == 1 or len(choices) != len(set(choices)):
        raise ValidationError("choices: two different amounts at least")
    if service.min_cents and service.max_cents and service.min_cents > service.max_cents:
        raise ValidationError("max_cents: less than min_cents")
    for number, cents in enumerate(choices):
        try:
            rules.check(cents)
        except Refused:
            raise ValidationError(f"choices[{number}].cents: against the limits or steps of the service") from None


def _check_schedule(service: FileService) -> None:
    """What every debt has in common is what is added after its due date."""
    schedule = service.schedule
    if schedule is None:
        return
    if schedule.surcharge_cents is None and schedule.interest_basis_points is None:
        raise ValidationError("schedule: it adds nothing; give surcharge_cents or interest_basis_points")
    if replace(schedule, surcharge_cents=None, interest_basis_points=None) != AmountSchedule():
        raise ValidationError("schedule: days and reduced amounts are each debt's own")


def _check_question(service: FileService) -> None:
    """An amount is said by the catalogue, by the debt or by the software; and pagoPA takes none that nobody knows."""
    question = service.amount_question
    if question is None:
        return
    if service.schedule is not None:
        raise ValidationError("amount_question: the software says the amount, so there is no schedule beside it")
    if service.spontaneous or service.fixed_cents is not None or service.choices or service.stamp_cents:
        raise ValidationError("amount_question: only of debts that the entity issues, whose amount nothing else fixes")
    if service.archive.fed and service.archive.pay_stand_in and not question.use_last_known:
        raise ValidationError("archive.pay_stand_in: it takes the last known amount; say false, or use_last_known")


def _check_division(service: FileService) -> None:
    """What goes elsewhere must be within the least amount that can be paid (pagopa.md sections 3.3 and 3.9)."""
    elsewhere_cents = sum(share.amount_cents for share in service.shares) + (service.stamp_cents or 0)
    least_choice = min((choice.cents for choice in service.choices), default=0)
    if elsewhere_cents > (service.fixed_cents or service.min_cents or least_choice):
        raise ValidationError("min_cents: shares and stamp are more than the least amount")
    has_own = service.fixed_cents != elsewhere_cents
    if len(service.shares) + bool(service.stamp_cents) + has_own > TRANSFERS_MAX:
        raise ValidationError("shares: more than five transfers")


def _check_archive(service: FileService) -> None:
    """What is not taken late must not be left payable in the archive."""
    if service.archive.switch_to_expired is False and not service.accepts_late:
        raise ValidationError("archive.switch_to_expired: late payment is not accepted, so it cannot be false")


def _check_demand(service: FileService) -> None:
    """A stamp is sold only through Checkout, so it cannot be asked for at a PSP."""
    if service.demand and (service.stamp_cents or not service.spontaneous):
        raise ValidationError("demand: only a spontaneous service without stamp can be asked for at a PSP")
    if service.demand and any(one.required for one in service.extra_fields):
        raise ValidationError("demand: a PSP cannot ask for a field that is required")


def _check_own_fields(service: FileService) -> None:
    """A field is told by its name, in files beside our columns."""
    if service.requires_beneficiary and not service.takes_beneficiary:
        raise ValidationError("takes_beneficiary: one is required, so it cannot be false")
    if service.allows_anonymous and service.payers and "person" not in service.payers:
        raise ValidationError("payers: who has no login is a person, so the service takes them")
    names = [one.name for one in service.extra_fields]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValidationError(f"extra_fields[{place}].name: another field has it")
        if is_column_of_ours(name):
            raise ValidationError(f"extra_fields[{place}].name: a column of every debt file is called so")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCreditor(Creditor):
    """An entity whose names fit a notice (pagopa.md section 2.2): ENTE.NOME 100 characters, ENTE.SETTORE 50."""

    company_name: Annotated[str, Length(1, 100)]
    office_name: Annotated[str, Length(max=50)] | None = None


_Checked = Annotated[
    FileService,
    *(
        _check_amounts,
        _check_division,
        _check_demand,
        _check_archive,
        _check_schedule,
        _check_own_fields,
        _check_question,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntity(Entity):
    """An entity as the catalogue file has it: the public shape, and what only pagoPA and the bank are told.

    What stands on a notice is refused here when it does not fit there.
    """

    code: Code
    creditor: FileCreditor
    website: Annotated[str, Regexp(r"^https?://[^\s\"'<>]+$")] | None = None
    contact_email: Annotated[str, Length(max=EMAIL_MAX_CHARS), Regexp(f"^{EMAIL_PATTERN}$")] | None = None
    logo: Annotated[str, Regexp(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.(svg|png)$")] | None = None
    cbill: Annotated[str, Regexp(r"^[A-Z0-9]{1,16}$")] | None = None
    postal_account: Annotated[str, Regexp(r"^[0-9]{1,12}$")] | None = None
    postal_account_holder: Annotated[str, Length(max=50)] | None = None
    postal_authorisation: Annotated[str, Length(max=60)] | None = None
    segregation_code: SegregationCode
    iban: Iban
    postal_iban: PostalIban | None = None
    debt_file: DebtFileNames | None = None
    services: Sequence[_Checked]


def _check_codes(entity: FileEntity) -> None:
    """A service is told by its code, and an entity by one code alone."""
    codes = [service.code for service in entity.services]
    twice = next((place for place, code in enumerate(codes) if code in codes[:place]), None)
    if twice is not None:
        raise ValidationError(f"services[{twice}].code: another service has it")
    if entity.creditor.code != entity.code:
        raise ValidationError("creditor.code: another one than the entity's")


def _check_languages(entity: FileEntity) -> None:
    """Every text is in each of the languages that the entity says its texts are in."""
    if not {"it", "en"} <= set(entity.languages):
        raise ValidationError("languages: the pages are in Italian and English, so both are among them")
    for path, texts in _texts_of(entity):
        absent = next((one for one in entity.languages if not getattr(texts, one)), None)
        if absent is not None:
            raise ValidationError(f"{path}.{absent}: a text in every language of the entity")


def _texts_of(entity: FileEntity) -> Iterator[tuple[str, LocalisedText]]:
    """Yield each text of an entity with its place."""
    if entity.contacts and entity.contacts.office_hours:
        yield "contacts.office_hours", entity.contacts.office_hours
    for number, service in enumerate(entity.services):
        path = f"services[{number}]"
        for name in ("title", "note", "notice_text"):
            if texts := getattr(service, name):
                yield f"{path}.{name}", texts
        for place, choice in enumerate(service.choices):
            yield f"{path}.choices[{place}].title", choice.title
        for place, one in enumerate(service.extra_fields):
            of_field = f"{path}.extra_fields[{place}]"
            yield f"{of_field}.label", one.label
            if one.help:
                yield f"{of_field}.help", one.help
            for chosen, value in enumerate(one.choices):
                yield f"{of_field}.choices[{chosen}].title", value.title


def _check_colours(entity: FileEntity) -> None:
    """Whatever is written in a colour or on it must be readable."""
    for name in ("primary", "dark") if entity.colours else ():
        ratio = least_contrast(getattr(entity.colours, name))
        if ratio < CONTRAST_MIN:
            with_what = "white or the tint of cards"
            raise ValidationError(f"colours.{name}: its contrast with {with_what} is {ratio:.1f}, not {CONTRAST_MIN}")


def _check_info(entity: FileEntity) -> None:
    """ENTE.INFO, web site and e-mail address behind one another, has 100 characters."""
    info = " · ".join(filter(None, (entity.website, entity.contact_email)))
    if len(info) > _INFO_MAX_CHARS:
        raise ValidationError(f"website and contact_email: at most {_INFO_MAX_CHARS} characters together")


def _check_debt_file(entity: FileEntity) -> None:
    """One header cannot mean two columns, however it is written."""
    meant: dict[str, str] = {}
    own = {one.name for service in entity.services for one in service.extra_fields}
    _check_columns(entity.debt_file, {*COLUMNS, *OPTIONAL_COLUMNS, *own})
    for header, column in (entity.debt_file.columns if entity.debt_file else {}).items():
        if not folded(header):
            raise ValidationError("debt_file.columns: a header without letters or digits")
        if meant.setdefault(folded(header), column) != column:
            raise ValidationError(f"debt_file.columns: {header} is written in two ways and means two columns")


def _check_columns(names: DebtFileNames | None, known: Collection[str]) -> None:
    """What a header or a constant stands for is a column of ours, or a field of one of the services."""
    named = names or DebtFileNames()
    wrong: dict[str, dict[str, list[str]]] = {"columns": {}, "constants": {}}
    for header, column in named.columns.items():
        if column and column not in known:
            wrong["columns"][header] = [f"{column} is no column of a debt file"]
    for column in named.constants:
        if column not in known:
            wrong["constants"][column] = ["is no column of a debt file"]
    if any(wrong.values()):
        raise ValidationError({"debt_file": {name: found for name, found in wrong.items() if found}})


def _check_demand_codes(entity: FileEntity) -> None:
    """Two services cannot be asked for by the same codes."""
    codes = [service.demand for service in entity.services if service.demand]
    if len(codes) != len(set(codes)):
        raise ValidationError("services: two have the same demand codes")


def _check_entities(entities: Sequence[FileEntity]) -> None:
    """Entities are told by their codes; those of one fiscal code issue numbers under different segregation codes."""
    codes = [entity.code for entity in entities]
    issued: set[tuple[str, str]] = set()
    for place, entity in enumerate(entities):
        if entity.code in codes[:place]:
            raise ValidationError({place: ["code: another entity has it"]})
        theirs = {code: (entity.creditor.fiscal_code, code) for code, _ in _segregation_codes(entity)}
        for code, path in _segregation_codes(entity):
            if theirs[code] in issued:
                raise ValidationError({place: [f"{path}: another entity of this fiscal code has it"]})
        issued |= set(theirs.values())


def _segregation_codes(entity: FileEntity) -> Iterator[tuple[str, str]]:
    """Yield the codes under which an entity issues numbers, each with its place."""
    yield entity.segregation_code, "segregation_code"
    for number, service in enumerate(entity.services):
        if service.segregation_code is not None:
            yield service.segregation_code, f"services[{number}].segregation_code"


_CheckedEntity = Annotated[
    FileEntity,
    *(_check_info, _check_codes, _check_demand_codes, _check_debt_file, _check_colours, _check_languages),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFile(Message):
    """The whole file."""

    entities: Annotated[Sequence[_CheckedEntity], Length(min=1), _check_entities]


_MESSAGES: Final = (
    *(FileEntity, FileCreditor, FileService, FileShare, ArchiveSettings, DemandCodes, DebtFileNames),
    *(Retention, Contacts, Colours, AmountChoice, AmountSchedule, AmountQuestion, LocalisedText),
    *(FileExtraField, FileExtraChoice),
)
FIELD_NAMES: Final = sorted({one.name for message in _MESSAGES for one in fields(message)})
"""Every name that a catalogue may have, for whoever has mistyped one."""


def read(document: Mapping[str, Any], *, test_codes: bool = False) -> CatalogueFile:
    """Return the catalogue of a JSON document. Raises marshmallow.ValidationError, saying where and what.

    `test_codes` takes fiscal codes whose check digit is wrong: those of pagoPA's test bodies are.
    """
    file: CatalogueFile = schema_of(CatalogueFile).load(_tidied(document, ""))
    wrong = {} if test_codes else {place: message for place, _, message in _wrong_codes(file)}
    if wrong:
        raise ValidationError(wrong)
    return file


def errors_of(document: Mapping[str, Any], *, test_codes: bool = False) -> Mapping[Any, Any]:
    """Return what is wrong with a catalogue as marshmallow tells it, by place in the document; empty when nothing."""
    schema = schema_of(CatalogueFile)
    try:
        file: CatalogueFile = schema.load(_tidied(document, ""))
    except ValidationError as error:
        return dict(error.normalized_messages())
    errors: dict[str | int, Any] = {}
    for _, path, message in [] if test_codes else _wrong_codes(file):
        below = errors
        for part in path[:-1]:
            below = below.setdefault(part, {})
        below[path[-1]] = [message]
    return errors


def _wrong_codes(file: CatalogueFile) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    """Yield each fiscal code of a body whose check digit does not fit: its place in words, as a path, what is wrong."""
    for place, path, code in _body_codes(file):
        if not luhn.is_valid(code):
            yield place, path, f"{code} is no fiscal code: its last digit does not fit"


def _body_codes(file: CatalogueFile) -> Iterator[tuple[str, tuple[Any, ...], str]]:
    for place, entity in enumerate(file.entities):
        for name in ("fiscal_code", "broker_fiscal_code"):
            path = ("entities", place, "creditor", name)
            yield f"{entity.code}.creditor.{name}", path, getattr(entity.creditor, name)
        for of_services, service in enumerate(entity.services):
            for number, share in enumerate(service.shares):
                share_path = ("entities", place, "services", of_services, "shares", number, "fiscal_code")
                yield f"{entity.code}.{service.code}.shares[{number}].fiscal_code", share_path, share.fiscal_code


def _tidied(value: Any, place: str) -> Any:
    """Return JSON with its texts trimmed and in one line, as the node and paper take them.

    Raises ValidationError, naming the place, for a text with characters that neither carries.
    """
    if isinstance(value, Mapping):
        return {name: _tidied(item, f"{place}.{name}".lstrip(".")) for name, item in value.items()}
    if isinstance(value, list):
        return [_tidied(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        return readable(" ".join(value.split()))
    except Refused:
        raise ValidationError(f"{place}: control characters; write the text again without them") from None
