"""The catalogue file: entities and services as ops load them, refused where a notice or the money would not fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from marshmallow import ValidationError
from marshmallow.validate import Length, Regexp
from stdnum import iban, luhn

from contracts.errors import Refused
from contracts.message import Message, schema_of
from contracts.rpc.practices import CatalogueService, Entity
from contracts.shapes import Creditor
from services.practices.domain.archive import ArchiveSettings
from services.practices.domain.debt_rules import readable
from services.practices.domain.transfers import TRANSFERS_MAX, Share

_INFO_MAX_CHARS: Final = 100
_POSTE_ABI: Final = "07601"


def _check_iban(value: str) -> None:
    if not iban.is_valid(value):
        raise ValidationError("not a valid IBAN")


def _check_postal_iban(value: str) -> None:
    _check_iban(value)
    if value[5:10] != _POSTE_ABI:
        raise ValidationError("not an account at Poste Italiane")


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
class FileService(CatalogueService):
    """A service as the catalogue file has it.

    `accounting_code`: the account or chapter that the entity books its payments under; told to the entity alone.
    """

    category: Category
    shares: Sequence[FileShare] = field(default_factory=list)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    accounting_code: Annotated[str, Length(1, 35)] | None = None


def _check_division(service: FileService) -> None:
    """What goes elsewhere must be within the least amount that can be paid (pagopa.md sections 3.3 and 3.9)."""
    elsewhere_cents = sum(share.amount_cents for share in service.shares) + (service.stamp_cents or 0)
    if elsewhere_cents > (service.fixed_cents or service.min_cents or 0):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCreditor(Creditor):
    """An entity whose names fit a notice (pagopa.md section 2.2): ENTE.NOME 100 characters, ENTE.SETTORE 50."""

    company_name: Annotated[str, Length(1, 100)]
    office_name: Annotated[str, Length(max=50)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntity(Entity):
    """An entity as the catalogue file has it: the public shape, and what only pagoPA and the bank are told.

    What stands on a notice is refused here when it does not fit there.
    """

    creditor: FileCreditor
    cbill: Annotated[str, Regexp(r"^[A-Z0-9]{1,16}$")] | None = None
    postal_account: Annotated[str, Regexp(r"^[0-9]{1,12}$")] | None = None
    postal_account_holder: Annotated[str, Length(max=50)] | None = None
    postal_authorisation: Annotated[str, Length(max=60)] | None = None
    segregation_code: Annotated[str, Regexp(r"^[0-9]{2}$")]
    iban: Iban
    postal_iban: PostalIban | None = None
    services: Sequence[Annotated[FileService, _check_division, _check_demand, _check_archive]]


def _check_info(entity: FileEntity) -> None:
    """ENTE.INFO, web site and e-mail address behind one another, has 100 characters."""
    info = " · ".join(filter(None, (entity.website, entity.contact_email)))
    if len(info) > _INFO_MAX_CHARS:
        raise ValidationError(f"website and contact_email: at most {_INFO_MAX_CHARS} characters together")


def _check_demand_codes(entity: FileEntity) -> None:
    """Two services cannot be asked for by the same codes."""
    codes = [service.demand for service in entity.services if service.demand]
    if len(codes) != len(set(codes)):
        raise ValidationError("services: two have the same demand codes")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFile(Message):
    """The whole file."""

    entities: Annotated[Sequence[Annotated[FileEntity, _check_info, _check_demand_codes]], Length(min=1)]


def read(document: Mapping[str, Any], *, test_codes: bool = False) -> CatalogueFile:
    """Return the catalogue of a JSON document. Raises marshmallow.ValidationError, saying where and what.

    `test_codes` takes fiscal codes whose check digit is wrong: those of pagoPA's test bodies are.
    """
    file: CatalogueFile = schema_of(CatalogueFile).load(_tidied(document, ""))
    wrong = {} if test_codes else _wrong_codes(file)
    if wrong:
        raise ValidationError(wrong)
    return file


def _wrong_codes(file: CatalogueFile) -> dict[str, str]:
    """Return what is wrong with each fiscal code of a body whose check digit does not fit, by its place in the file."""
    codes: list[tuple[str, str]] = []
    for entity in file.entities:
        creditor = f"{entity.code}.creditor"
        codes.append((f"{creditor}.fiscal_code", entity.creditor.fiscal_code))
        codes.append((f"{creditor}.broker_fiscal_code", entity.creditor.broker_fiscal_code))
        codes += [
            (f"{entity.code}.{service.code}.shares[{number}].fiscal_code", share.fiscal_code)
            for service in entity.services
            for number, share in enumerate(service.shares)
        ]
    return {
        place: f"{code} is no fiscal code: its last digit does not fit"
        for place, code in codes
        if not luhn.is_valid(code)
    }


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
