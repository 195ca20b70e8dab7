"""The only SQL of practices."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from contracts.errors import ErrorCode, Refused
from services.practices.domain.states import State
from services.practices.models import (
    EntityRow,
    Import,
    ImportRow,
    NoticeSequence,
    PracticeRow,
    ServiceRow,
)

_BATCH_ROWS = 1_000
_ALIKE_ROWS = 200
_T = TypeVar("_T")


def entity(session: Session, code: str) -> EntityRow:
    """Return an entity. Raises Refused(UNKNOWN_ENTITY)."""
    row = session.get(EntityRow, code) if code.isprintable() else None
    if row is None:
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    return row


def entity_of_creditor(session: Session, creditor_fiscal_code: str) -> EntityRow | None:
    """Return an entity of this pagoPA domain, or None when the domain is not ours."""
    statement = select(EntityRow).where(EntityRow.creditor_fiscal_code == creditor_fiscal_code)
    return session.scalars(statement.order_by(EntityRow.code).limit(1)).first()


def services(session: Session, entity_code: str) -> Sequence[ServiceRow]:
    """Return the services of an entity's catalogue, in its order."""
    statement = select(ServiceRow).where(ServiceRow.entity_code == entity_code, ~ServiceRow.withdrawn)
    return session.scalars(statement.order_by(ServiceRow.place)).all()


def service(session: Session, entity_code: str, code: str) -> ServiceRow:
    """Return a service of the catalogue. Raises Refused(UNKNOWN_SERVICE)."""
    row = session.get(ServiceRow, (entity_code, code)) if code.isprintable() else None
    if row is None or row.withdrawn:
        raise Refused(ErrorCode.UNKNOWN_SERVICE)
    return row


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


def ended_demands(session: Session, demand_digest: str) -> int:
    """Return how many practices demanded alike are no longer owed."""
    still_owed = (State.TO_PAY.value, State.UNCONFIRMED.value)
    statement = select(func.count()).where(
        PracticeRow.demand_digest == demand_digest, PracticeRow.state.not_in(still_owed)
    )
    return session.scalar(statement) or 0


def save_entity(session: Session, values: Mapping[str, Any]) -> None:
    """Insert an entity or bring it up to date."""
    statement = insert(EntityRow).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=dict(values)))


def save_services(session: Session, entity_code: str, catalogue: Sequence[Mapping[str, Any]]) -> None:
    """Bring the services of an entity up to date; those no longer named are withdrawn, for their practices stay."""
    session.execute(update(ServiceRow).where(ServiceRow.entity_code == entity_code).values(withdrawn=True))
    for place, item in enumerate(catalogue):
        values = {**item, "entity_code": entity_code, "place": place, "withdrawn": False}
        statement = insert(ServiceRow).values(**values)
        session.execute(statement.on_conflict_do_update(index_elements=["entity_code", "code"], set_=values))


def allocate_bases(session: Session, creditor_fiscal_code: str, segregation_code: str, count: int) -> int:
    """Take `count` bases of notice numbers for ever and return the first.

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
    next_base: int = session.execute(statement.returning(NoticeSequence.next_base)).scalar_one()
    return next_base - count


def practice(session: Session, practice_id: UUID) -> PracticeRow:
    """Return a practice with its entity and service. It exists."""
    return session.scalars(_shown().where(PracticeRow.id == practice_id)).one()


def practices(session: Session, practice_ids: Iterable[UUID]) -> dict[UUID, PracticeRow]:
    """Return the practices that exist, by id, with entity and service."""
    rows = session.scalars(_shown().where(PracticeRow.id.in_(list(practice_ids))))
    return {row.id: row for row in rows}


def by_notice_number(session: Session, entity_code: str, notice_number: str) -> Sequence[PracticeRow]:
    """Return the entity's practice of a notice number, with entity and service: none or one."""
    statement = _shown().where(PracticeRow.entity_code == entity_code, PracticeRow.notice_number == notice_number)
    return session.scalars(statement).all()


def by_reference(session: Session, entity_code: str, fiscal_code: str, reference: str) -> Sequence[PracticeRow]:
    """Return the debtor's practices whose IUV, notice number or body's reference this is."""
    statement = _shown().where(
        PracticeRow.debtor_fiscal_code == fiscal_code,
        PracticeRow.entity_code == entity_code,
        or_(
            PracticeRow.iuv == reference,
            PracticeRow.notice_number == reference,
            PracticeRow.external_id.in_({reference, reference.upper()}),
        ),
    )
    return session.scalars(statement.order_by(PracticeRow.place.desc())).all()


def instalments(session: Session, one: PracticeRow, references: Sequence[str]) -> Sequence[PracticeRow]:
    """Return the practices with these references that ask the same debtor for instalments of the same plan."""
    statement = _shown().where(
        PracticeRow.entity_code == one.entity_code,
        PracticeRow.external_id.in_(references),
        PracticeRow.debtor_fiscal_code == one.debtor_fiscal_code,
        PracticeRow.service_code == one.service_code,
        PracticeRow.instalment_total == one.instalment_total,
    )
    return session.scalars(statement.order_by(PracticeRow.instalment_number)).all()


def of_references(session: Session, entity_code: str, external_ids: Sequence[str]) -> Sequence[PracticeRow]:
    """Return an entity's debts by its own references, with entity and service."""
    statement = _shown().where(PracticeRow.entity_code == entity_code, PracticeRow.external_id.in_(external_ids))
    return session.scalars(statement).all()


def of_debtor(
    session: Session, entity_code: str, fiscal_code: str, states: Sequence[str], before: int | None, limit: int
) -> Sequence[PracticeRow]:
    """Return a debtor's practices with an entity, newest first, those placed before `before`."""
    statement = _shown().where(PracticeRow.debtor_fiscal_code == fiscal_code, PracticeRow.entity_code == entity_code)
    if states:
        statement = statement.where(PracticeRow.state.in_(states))
    if before is not None:
        statement = statement.where(PracticeRow.place < before)
    return session.scalars(statement.order_by(PracticeRow.place.desc()).limit(limit)).all()


def dated_of_debtor(session: Session, fiscal_code: str, since: datetime, limit: int) -> Sequence[PracticeRow]:
    """Return a debtor's practices with a due date, still owed or over only since then, by due date, latest first."""
    is_owed = PracticeRow.state.in_([State.TO_PAY, State.UNCONFIRMED])
    statement = _shown().where(
        PracticeRow.debtor_fiscal_code == fiscal_code,
        PracticeRow.due_date.is_not(None),
        or_(is_owed, PracticeRow.state_since >= since),
    )
    return session.scalars(statement.order_by(PracticeRow.due_date.desc(), PracticeRow.place).limit(limit)).all()


def alike(
    session: Session, one: PracticeRow, fiscal_code: str | None, practice_ids: Collection[UUID]
) -> Sequence[PracticeRow]:
    """Return practices of the same service and amount, newest first: the debtor's, and those among `practice_ids`.

    `fiscal_code` is None where the debtor is nobody in particular.
    """
    statement = select(PracticeRow).where(
        PracticeRow.entity_code == one.entity_code,
        or_(PracticeRow.debtor_fiscal_code == fiscal_code, PracticeRow.id.in_(practice_ids)),
        PracticeRow.service_code == one.service_code,
        PracticeRow.amount_cents == one.amount_cents,
        PracticeRow.id != one.id,
    )
    return session.scalars(statement.order_by(PracticeRow.place.desc()).limit(_ALIKE_ROWS)).all()


def positions(
    session: Session, creditor_fiscal_code: str | None, notice_number: str | None, practice_ids: Sequence[UUID]
) -> Sequence[PracticeRow]:
    """Return practices by (domain, notice number) or by id, with entity and service."""
    by_number = and_(
        PracticeRow.creditor_fiscal_code == creditor_fiscal_code, PracticeRow.notice_number == notice_number
    )
    return session.scalars(_shown().where(or_(by_number, PracticeRow.id.in_(practice_ids)))).all()


def locked(session: Session, practice_ids: Iterable[UUID]) -> Sequence[PracticeRow]:
    """Return practices locked until the transaction ends, always taken in the same order."""
    statement = select(PracticeRow).where(PracticeRow.id.in_(list(practice_ids)))
    return session.scalars(statement.order_by(PracticeRow.id).with_for_update()).all()


def locked_debts(session: Session, entity_code: str, external_ids: Iterable[str]) -> dict[str, PracticeRow]:
    """Return the entity's debts of these references, locked, by reference."""
    found: dict[str, PracticeRow] = {}
    for batch in batches(sorted(external_ids)):
        statement = select(PracticeRow).where(
            PracticeRow.entity_code == entity_code, PracticeRow.external_id.in_(batch)
        )
        rows = session.scalars(statement.order_by(PracticeRow.id).with_for_update())
        found |= {row.external_id: row for row in rows if row.external_id is not None}
    return found


def known_external_ids(session: Session, entity_code: str, external_ids: Iterable[str]) -> set[str]:
    """Return which of these references the entity has used."""
    known: set[str] = set()
    for batch in batches(sorted(external_ids)):
        statement = select(PracticeRow.external_id).where(
            PracticeRow.entity_code == entity_code, PracticeRow.external_id.in_(batch)
        )
        known.update(external_id for external_id in session.scalars(statement) if external_id is not None)
    return known


def expiring(session: Session, today: date, limit: int) -> Sequence[PracticeRow]:
    """Return practices to pay whose last day has passed, locked; those another process holds are left to it."""
    statement = (
        select(PracticeRow)
        .where(PracticeRow.state == State.TO_PAY.value, PracticeRow.payable_until < today)
        .order_by(PracticeRow.payable_until, PracticeRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


def lock_imports(session: Session, entity_code: str) -> None:
    """Let only one import of an entity run at a time, until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"import:{entity_code}"})


def save_import(session: Session, done: Import, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert an import and what became of its lines."""
    session.add(done)
    session.flush()
    for batch in batches(rows):
        session.execute(insert(ImportRow), [{**row, "import_id": done.id} for row in batch])


def imported(session: Session, entity_code: str, import_id: UUID) -> tuple[Import, Sequence[ImportRow]]:
    """Return an import of the entity and its lines. Raises Refused(IMPORT_NOT_FOUND)."""
    done = session.scalars(select(Import).where(Import.id == import_id, Import.entity_code == entity_code)).first()
    if done is None:
        raise Refused(ErrorCode.IMPORT_NOT_FOUND)
    rows = session.scalars(select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.line))
    return done, rows.all()


def batches(items: Iterable[_T], size: int = _BATCH_ROWS) -> Iterator[list[_T]]:
    """Cut into lists that one statement can carry."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def _shown() -> Select[PracticeRow]:
    """Select practices with what showing them takes."""
    return select(PracticeRow).options(joinedload(PracticeRow.entity), joinedload(PracticeRow.service))
