"""Between the rows of the catalogue, the rules made from them, and the shapes that leave the service."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.amounts import AmountSchedule
from contracts.codes import CreditorFiscalCode
from contracts.rpc.practices import AmountChoice, CatalogueService, Colours, Contacts, DemandCodes, Entity, Retention
from contracts.shapes import Creditor, LocalisedText
from services.practices import stored_json
from services.practices.debt_file.columns import DebtFileNames, FileConventions
from services.practices.domain.amount_questions import AmountQuestion
from services.practices.domain.archive import ArchiveSettings
from services.practices.domain.debt_rules import AmountRules, ServiceRules
from services.practices.domain.transfers import Payee
from services.practices.models import EntityRow, ServiceRow


@dataclass(frozen=True)
class ToldByCatalogue:
    """What payments is told of the catalogue beside the shares of the money."""

    creditor: Creditor
    service_title: str
    archive: ArchiveSettings
    accounting_code: str | None


@dataclass(frozen=True)
class Issuer:
    """An entity and one of its services: whatever issuing a debt under them asks of the catalogue, read once."""

    entity: EntityRow
    service: ServiceRow
    payee: Payee
    rules: ServiceRules
    told: ToldByCatalogue

    @property
    def segregation_code(self) -> str:
        """The code under which notice numbers of the service are issued."""
        return self.service.segregation_code or self.entity.segregation_code


def told_of(entity: EntityRow, service: ServiceRow) -> ToldByCatalogue:
    """Return what payments is told of a service and its entity."""
    title, archive = title_of(service).it, archive_settings_of(service)
    return ToldByCatalogue(creditor_of(entity), title, archive, service.accounting_code)


def issuer_of(entity: EntityRow, service: ServiceRow) -> Issuer:
    """Return who issues debts of a service."""
    return Issuer(entity, service, payee_of(entity, service), rules_of(service), told_of(entity, service))


def rules_of(service: ServiceRow) -> ServiceRules:
    """Return a catalogue service as the rules that debts under it obey."""
    return ServiceRules(
        code=service.code,
        spontaneous=service.spontaneous,
        allows_anonymous=service.allows_anonymous,
        requires_beneficiary=service.requires_beneficiary,
        accepts_late=service.accepts_late,
        amounts=AmountRules(
            service.min_cents,
            service.max_cents,
            service.unit_cents,
            service.fixed_cents,
            tuple(choice.cents for choice in _choices_of(service)) or None,
        ),
        schedule=stored_json.read_optional(service.schedule, AmountSchedule),
        question=stored_json.read_optional(service.amount_question, AmountQuestion),
        shares=stored_json.read_shares(service.shares),
        stamp_cents=service.stamp_cents,
        title=title_of(service).it,
        takes_beneficiary=service.takes_beneficiary,
        extra_fields=stored_json.read_extra_fields(service.extra_fields),
        payers=tuple(service.payers or ()),
    )


def file_conventions(entity: EntityRow, services: Sequence[ServiceRow]) -> FileConventions:
    """Return what is known of an entity's debt files beside the rules of its services."""
    names = stored_json.read_optional(entity.debt_file, DebtFileNames) or DebtFileNames()
    counted = Counter(service.category for service in services)
    return FileConventions(
        creditor_fiscal_code=entity.creditor_fiscal_code,
        columns=names.columns,
        constants=names.constants,
        service_of_category={one.category: one.code for one in services if counted[one.category] == 1},
        extra_columns=frozenset(
            field.name for one in services for field in stored_json.read_extra_fields(one.extra_fields)
        ),
    )


def payee_of(entity: EntityRow, service: ServiceRow) -> Payee:
    """Return who receives the money of a service that is neither share nor stamp."""
    return Payee(
        fiscal_code=CreditorFiscalCode(entity.creditor_fiscal_code),
        company_name=entity.company_name,
        iban=entity.iban,
        postal_iban=entity.postal_iban,
        category=service.category,
    )


def archive_settings_of(service: ServiceRow) -> ArchiveSettings:
    """Return what the catalogue says of the archive of notices; a service loaded before it could has the usual."""
    return stored_json.read_optional(service.archive, ArchiveSettings) or ArchiveSettings()


def creditor_of(entity: EntityRow) -> Creditor:
    """Return the entity as pagoPA knows it."""
    return Creditor(
        code=entity.code,
        fiscal_code=CreditorFiscalCode(entity.creditor_fiscal_code),
        company_name=entity.company_name,
        office_name=entity.office_name,
        broker_fiscal_code=CreditorFiscalCode(entity.broker_fiscal_code),
        station_id=entity.station_id,
    )


def entity_of(row: EntityRow, services: Sequence[ServiceRow]) -> Entity:
    """Return an entity as everybody may see it, with these services."""
    return Entity(
        code=row.code,
        creditor=creditor_of(row),
        website=row.website,
        contact_email=row.contact_email,
        logo=row.logo,
        cbill=row.cbill,
        postal_account=row.postal_account,
        postal_account_holder=row.postal_account_holder,
        postal_authorisation=row.postal_authorisation,
        contacts=stored_json.read_optional(row.contacts, Contacts),
        colours=stored_json.read_optional(row.colours, Colours),
        languages=row.languages,
        retention=retention_of(row),
        services=[_service_of(service) for service in services],
    )


def retention_of(entity: EntityRow) -> Retention:
    """Return for how long an entity's personal data is stored; one loaded before it could say so has the usual."""
    return stored_json.read_optional(entity.retention, Retention) or Retention()


def title_of(service: ServiceRow) -> LocalisedText:
    """Return what a service is called."""
    return stored_json.read(service.title, LocalisedText)


def _service_of(row: ServiceRow) -> CatalogueService:
    return CatalogueService(
        code=row.code,
        title=title_of(row),
        note=stored_json.read_optional(row.note, LocalisedText),
        category=row.category,
        spontaneous=row.spontaneous,
        allows_anonymous=row.allows_anonymous,
        requires_beneficiary=row.requires_beneficiary,
        accepts_late=row.accepts_late,
        min_cents=row.min_cents,
        max_cents=row.max_cents,
        unit_cents=row.unit_cents,
        fixed_cents=row.fixed_cents,
        demand=stored_json.read_optional(row.demand, DemandCodes),
        stamp_cents=row.stamp_cents,
        choices=_choices_of(row),
        takes_beneficiary=row.takes_beneficiary,
        extra_fields=stored_json.read_extra_fields(row.extra_fields),
        payers=row.payers,
        notice_text=stored_json.read_optional(row.notice_text, LocalisedText),
    )


def _choices_of(row: ServiceRow) -> list[AmountChoice]:
    return [stored_json.read(choice, AmountChoice) for choice in row.choices or []]
