"""Entities, their services, and the notice numbers they have used."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, bindparam, case, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.messaging import codec
from contracts.errors import ErrorCode, Refused
from services.practices import stored_json
from services.practices.catalogue_content import content_of, digest_of
from services.practices.catalogue_file import FileEntity, FileService
from services.practices.catalogue_records import Issuer, issuer_of
from services.practices.domain.notice_bases import BasePermutation
from services.practices.models import CatalogueVersion, EntityLogo, EntityRow, NoticeSequence, PracticeRow, ServiceRow

_ISSUER: Final = (
    select(
        EntityRow,
        ServiceRow,
        exists().where(PracticeRow.entity_code == EntityRow.code, PracticeRow.external_id == bindparam("reference")),
    )
    .outerjoin(
        ServiceRow,
        and_(ServiceRow.entity_code == EntityRow.code, ServiceRow.code == bindparam("code"), ~ServiceRow.withdrawn),
    )
    .where(EntityRow.code == bindparam("entity_code"))
)


def entity(session: Session, code: str) -> EntityRow:
    """Return an entity. Raises Refused(UNKNOWN_ENTITY)."""
    row = session.get(EntityRow, readable_code(code))
    if row is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    return row


def locked_entity(session: Session, code: str) -> EntityRow:
    """Return an entity whose catalogue nobody else changes meanwhile. Raises Refused(UNKNOWN_ENTITY)."""
    statement = select(EntityRow).where(EntityRow.code == readable_code(code)).with_for_update()
    row = session.scalars(statement).first()
    if row is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    return row


def readable_code(code: str) -> str:
    """Return an entity's code that a database can be asked for. Raises Refused(UNKNOWN_ENTITY)."""
    if not code.isprintable():
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    return code


def entities(session: Session) -> Sequence[EntityRow]:
    """Return every entity, by its name."""
    return session.scalars(select(EntityRow).order_by(EntityRow.company_name, EntityRow.code)).all()


def entity_of_creditor(session: Session, creditor_fiscal_code: str) -> EntityRow | None:
    """Return an entity of this pagoPA domain, or None when the domain is not ours."""
    statement = select(EntityRow).where(EntityRow.creditor_fiscal_code == creditor_fiscal_code)
    return session.scalars(statement.order_by(EntityRow.code).limit(1)).first()


def fiscal_codes(session: Session) -> dict[str, str]:
    """Return the fiscal code of every entity, by its entity code."""
    return {row.code: row.creditor_fiscal_code for row in session.scalars(select(EntityRow))}


def services(session: Session, entity_code: str) -> Sequence[ServiceRow]:
    """Return the services of an entity's catalogue, in its order."""
    statement = select(ServiceRow).where(ServiceRow.entity_code == entity_code, ~ServiceRow.withdrawn)
    return session.scalars(statement.order_by(ServiceRow.place)).all()


def services_ever(session: Session, entity_code: str) -> Sequence[ServiceRow]:
    """Return the services of an entity, withdrawn ones too."""
    return session.scalars(select(ServiceRow).where(ServiceRow.entity_code == entity_code)).all()


def service(session: Session, entity_code: str, code: str) -> ServiceRow:
    """Return a service of the catalogue. Raises Refused(UNKNOWN_SERVICE)."""
    row = session.get(ServiceRow, (entity_code, code)) if code.isprintable() else None
    if row is None or row.withdrawn:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    return row


def issuer(session: Session, entity_code: str, code: str) -> Issuer:
    """Return who issues debts of a service of the catalogue. Raises Refused(UNKNOWN_ENTITY), (UNKNOWN_SERVICE)."""
    return issuer_for(session, entity_code, code, "")[0]


def issuer_for(session: Session, entity_code: str, code: str, reference: str) -> tuple[Issuer, bool]:
    """Return what `issuer` does, and whether the entity has used this reference of its own."""
    names = {"entity_code": readable_code(entity_code), "code": code, "reference": reference}
    # No service has a code that a database cannot be asked for.
    found = session.execute(_ISSUER, names if code.isprintable() else {**names, "code": ""}).first()
    if found is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    entity, service, is_used = found
    if service is None:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    return issuer_of(entity, service), is_used


def demanded_service(session: Session, creditor_fiscal_code: str, service_id: str, subject_id: str) -> ServiceRow:
    """Return the service that a PSP asks for by these codes. Raises Refused(UNKNOWN_SERVICE)."""
    statement = (
        select(ServiceRow)
        .join(EntityRow, EntityRow.code == ServiceRow.entity_code)
        .where(
            EntityRow.creditor_fiscal_code == creditor_fiscal_code,
            ServiceRow.demand["service_id"].astext == service_id,
            ServiceRow.demand["subject_id"].astext == subject_id,
            ~ServiceRow.withdrawn,
        )
    )
    row = session.scalars(statement.order_by(ServiceRow.entity_code, ServiceRow.place).limit(1)).first()
    if row is None:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    return row


def save_entity(session: Session, entity: FileEntity) -> None:
    """Insert an entity or bring it up to date."""
    values = {
        "code": entity.code,
        "creditor_fiscal_code": entity.creditor.fiscal_code,
        "company_name": entity.creditor.company_name,
        "office_name": entity.creditor.office_name,
        "broker_fiscal_code": entity.creditor.broker_fiscal_code,
        "station_id": entity.creditor.station_id,
        "segregation_code": entity.segregation_code,
        "iban": entity.iban,
        "postal_iban": entity.postal_iban,
        "website": entity.website,
        "contact_email": entity.contact_email,
        "logo": entity.logo,
        "cbill": entity.cbill,
        "postal_account": entity.postal_account,
        "postal_account_holder": entity.postal_account_holder,
        "postal_authorisation": entity.postal_authorisation,
        "debt_file": stored_json.write_optional(entity.debt_file),
        "contacts": stored_json.write_optional(entity.contacts),
        "colours": stored_json.write_optional(entity.colours),
        "languages": list(entity.languages),
        "retention": stored_json.write(entity.retention),
    }
    statement = insert(EntityRow).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=values))


def save_services(session: Session, entity: FileEntity) -> None:
    """Bring the services of an entity up to date; those no longer named are withdrawn, for their practices stay."""
    session.execute(update(ServiceRow).where(ServiceRow.entity_code == entity.code).values(withdrawn=True))
    for place, item in enumerate(entity.services):
        values = {
            "entity_code": entity.code,
            "code": item.code,
            "place": place,
            "title": stored_json.write(item.title),
            "note": stored_json.write_optional(item.note),
            "category": item.category,
            "spontaneous": item.spontaneous,
            "allows_anonymous": item.allows_anonymous,
            "requires_beneficiary": item.requires_beneficiary,
            "accepts_late": item.accepts_late,
            "min_cents": item.min_cents,
            "max_cents": item.max_cents,
            "unit_cents": item.unit_cents,
            "fixed_cents": item.fixed_cents,
            "demand": stored_json.write_optional(item.demand),
            "shares": [stored_json.write(share) for share in item.shares],
            "stamp_cents": item.stamp_cents,
            "withdrawn": False,
            "archive": stored_json.write(item.archive),
            "accounting_code": item.accounting_code,
            "choices": [stored_json.write(choice) for choice in item.choices],
            "schedule": stored_json.write_optional(item.schedule),
            "takes_beneficiary": item.takes_beneficiary,
            "extra_fields": [stored_json.write(one) for one in item.extra_fields],
            "payers": list(item.payers),
            "notice_text": stored_json.write_optional(item.notice_text),
            "segregation_code": item.segregation_code,
            "amount_question": stored_json.write_optional(item.amount_question),
            "told_digest": _told_digest(entity, item),
        }
        statement = insert(ServiceRow).values(**values)
        is_news = ServiceRow.told_digest.is_distinct_from(statement.excluded.told_digest)
        revision = ServiceRow.revision + case((is_news, 1), else_=0)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["entity_code", "code"], set_={**values, "revision": revision}
            )
        )


def _told_digest(entity: FileEntity, service: FileService) -> str:
    """Return a digest of what every practice of a service tells payments out of the catalogue as it is now."""
    told: list[object] = [
        entity.creditor.company_name,
        entity.iban,
        entity.postal_iban,
        service.category,
        stored_json.write(service.archive),
        service.accounting_code,
    ]
    if service.amount_question is not None:  # added later: what other services tell has the digest it had
        told.append(service.amount_question.use_last_known)
    return hashlib.sha256(codec.write(told)).hexdigest()


def last_version(session: Session, entity_code: str) -> CatalogueVersion | None:
    """Return the newest version of an entity's catalogue; None where it was loaded before versions were kept."""
    return next(iter(versions(session, entity_code, limit=1)), None)


def versions(session: Session, entity_code: str, *, limit: int = 100) -> Sequence[CatalogueVersion]:
    """Return the versions of an entity's catalogue, the newest first."""
    statement = select(CatalogueVersion).where(CatalogueVersion.entity_code == entity_code)
    return session.scalars(statement.order_by(CatalogueVersion.number.desc()).limit(limit)).all()


def version(session: Session, entity_code: str, number: int) -> CatalogueVersion | None:
    """Return one version of an entity's catalogue."""
    return session.get(CatalogueVersion, (entity_code, number))


def save_version(session: Session, entity: FileEntity, loaded_by: str, file_name: str, now: datetime) -> bool:
    """Store what an entity's catalogue says now, where that is something else than before; return whether it is."""
    content = content_of(entity)
    digest = digest_of(content)
    # Whoever loads the same entity at once waits for the row that save_entity has written.
    last = last_version(session, entity.code)
    if last is not None and last.digest == digest:
        return False
    session.add(
        CatalogueVersion(
            entity_code=entity.code,
            number=last.number + 1 if last else 1,
            content=content,
            digest=digest,
            loaded_by=loaded_by[:140],
            file_name=file_name[:200],
            loaded_at=now,
        )
    )
    session.flush()
    return True


def save_logo(session: Session, entity_code: str, name: str, content: bytes, now: datetime) -> None:
    """Store a logo under its name, where it is not there."""
    statement = insert(EntityLogo).values(entity_code=entity_code, name=name, content=content, added_at=now)
    session.execute(statement.on_conflict_do_nothing())


def logo(session: Session, entity_code: str, name: str) -> bytes | None:
    """Return a logo of an entity that was stored."""
    if not (entity_code.isprintable() and name.isprintable()):
        return None
    found = session.get(EntityLogo, (entity_code, name))
    return found.content if found else None


def allocate_bases(session: Session, creditor_fiscal_code: str, segregation_code: str, count: int) -> Iterator[int]:
    """Take `count` bases of notice numbers for ever and return them, each worked out when it is asked for.

    To be committed at once, apart from the transaction that uses them: what is not used is a hole, and nobody
    waits behind a long import for the next number.
    """
    statement = insert(NoticeSequence).values(
        creditor_fiscal_code=creditor_fiscal_code, segregation_code=segregation_code, next_base=1 + count
    )
    statement = statement.on_conflict_do_update(
        index_elements=["creditor_fiscal_code", "segregation_code"],
        set_={"next_base": NoticeSequence.next_base + count},
    )
    taken = session.execute(
        statement.returning(NoticeSequence.next_base, NoticeSequence.permutation_key, NoticeSequence.permuted_from)
    ).one()
    permutation = BasePermutation(taken.permutation_key, taken.permuted_from)
    return map(permutation.at, range(taken.next_base - count, taken.next_base))
