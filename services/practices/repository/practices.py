"""Practices, found by whatever they are asked for, read or locked."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    Select,
    String,
    Text,
    and_,
    any_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session, joinedload

from chassis.storage import bulk
from contracts.calendar import NO_DUE_DATE
from contracts.rpc.practices import DebtListRequest
from services.practices.domain.states import State
from services.practices.models import EntityRow, Json, PracticeRow, ServiceRow, Stored
from services.practices.repository.batches import batches

_CANDIDATE_ROWS: Final = 200
_INSERT: Final = insert(PracticeRow.__table__)  # type: ignore[arg-type]  # -- of a mapped class it is a table
_INSERTED: Final = tuple(column.key for column in PracticeRow.__table__.columns if column.key != "place")


def shown_columns() -> Select[Any]:
    """Select the columns of practices, and of the catalogue what showing them takes."""
    catalogue = [
        EntityRow.company_name.label("creditor_name"),
        ServiceRow.title.label("service_title"),
        ServiceRow.accounting_code,
        ServiceRow.extra_fields,
    ]
    is_its_service = and_(
        ServiceRow.entity_code == PracticeRow.entity_code, ServiceRow.code == PracticeRow.service_code
    )
    shown = select(*PracticeRow.__table__.columns, *catalogue)
    return shown.join(EntityRow, EntityRow.code == PracticeRow.entity_code).join(ServiceRow, is_its_service)


SHOWN: Final = shown_columns()


def ended_demands(session: Session, demand_digest: str) -> int:
    """Return how many practices of the same demand are no longer owed."""
    still_unpaid = (State.TO_PAY.value, State.UNCONFIRMED.value)
    statement = select(func.count()).where(
        PracticeRow.demand_digest == demand_digest, PracticeRow.state.not_in(still_unpaid)
    )
    return session.scalar(statement) or 0


def practice(session: Session, practice_id: UUID) -> Row[Any]:
    """Return a practice as it is shown. It exists."""
    return session.execute(SHOWN.where(PracticeRow.id == practice_id)).one()


def practice_with_catalogue(session: Session, practice_id: UUID) -> PracticeRow:
    """Return a practice with its entity and service. It exists."""
    return session.scalars(_with_catalogue().where(PracticeRow.id == practice_id)).one()


def practices(session: Session, practice_ids: Iterable[UUID]) -> dict[UUID, Row[Any]]:
    """Return the practices that exist, by id, as they are shown."""
    rows = session.execute(SHOWN.where(PracticeRow.id.in_(list(practice_ids))))
    return {row.id: row for row in rows}


def by_notice_number(session: Session, entity_code: str, notice_number: str) -> Sequence[Row[Any]]:
    """Return the entity's practice of a notice number, as it is shown: none or one."""
    statement = SHOWN.where(PracticeRow.entity_code == entity_code, PracticeRow.notice_number == notice_number)
    return session.execute(statement).all()


def by_reference(session: Session, entity_code: str, fiscal_code: str, reference: str) -> Sequence[Row[Any]]:
    """Return the debtor's practices whose IUV, notice number or entity's reference this is, newest first.

    Each of the three is looked up by its own index, whose rows it is then: a debtor may have thousands.
    """
    names = {
        "entity_code": entity_code,
        "fiscal_code": fiscal_code,
        "reference": reference,
        "in_capitals": reference.upper(),
    }
    return session.execute(_by_reference(), names).all()


@cache
def _by_reference() -> Select[Any]:
    entity_code, reference = bindparam("entity_code", type_=String), bindparam("reference", type_=String)
    creditor = select(EntityRow.creditor_fiscal_code).where(EntityRow.code == entity_code).scalar_subquery()
    external_ids = (reference, bindparam("in_capitals", type_=String))
    found = union_all(
        select(PracticeRow.id).where(PracticeRow.creditor_fiscal_code == creditor, PracticeRow.iuv == reference),
        select(PracticeRow.id).where(PracticeRow.notice_number == reference),
        select(PracticeRow.id).where(PracticeRow.entity_code == entity_code, PracticeRow.external_id.in_(external_ids)),
    )
    # An array first: joined, the planner may go through all of the debtor's instead.
    ids = func.array(found.scalar_subquery())
    statement = SHOWN.where(
        PracticeRow.id == any_(ids),
        PracticeRow.debtor_fiscal_code == bindparam("fiscal_code"),
        PracticeRow.entity_code == entity_code,
    )
    return statement.order_by(PracticeRow.place.desc())


def instalments(session: Session, one: Stored, references: Sequence[str]) -> Sequence[Row[Any]]:
    """Return the practices with these references that ask the same debtor for instalments of the same plan."""
    statement = SHOWN.where(
        PracticeRow.entity_code == one.entity_code,
        PracticeRow.external_id.in_(references),
        PracticeRow.debtor_fiscal_code == one.debtor_fiscal_code,
        PracticeRow.service_code == one.service_code,
        PracticeRow.instalment_total == one.instalment_total,
    )
    return session.execute(statement.order_by(PracticeRow.instalment_number)).all()


def of_references(session: Session, entity_code: str, external_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Return an entity's debts by its own references, as they are shown."""
    statement = SHOWN.where(PracticeRow.entity_code == entity_code, PracticeRow.external_id.in_(external_ids))
    return session.execute(statement).all()


def of_entity(
    session: Session, asked: DebtListRequest, after: tuple[datetime, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return the practices of an entity that were asked for, as they are shown, oldest first, those behind `after`."""
    made = tuple_(PracticeRow.created_at, PracticeRow.place)
    statement = SHOWN.where(PracticeRow.entity_code == asked.entity_code)
    if after is not None:
        statement = statement.where(made > after)
    if asked.since is not None:
        statement = statement.where(PracticeRow.created_at >= asked.since)
    if asked.until is not None:
        statement = statement.where(PracticeRow.created_at < asked.until)
    if asked.states:
        statement = statement.where(PracticeRow.state.in_(asked.states))
    if asked.service_code is not None:
        statement = statement.where(PracticeRow.service_code == asked.service_code)
    if asked.origin is not None:
        statement = statement.where(PracticeRow.origin == asked.origin)
    return session.execute(statement.order_by(PracticeRow.created_at, PracticeRow.place).limit(limit)).all()


def dated_of_debtor(session: Session, fiscal_code: str, since: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return a debtor's practices with a due date, still owed or over only since then, by due date, latest first."""
    is_unpaid = PracticeRow.state.in_([State.TO_PAY, State.UNCONFIRMED])
    statement = SHOWN.where(
        PracticeRow.debtor_fiscal_code == fiscal_code,
        PracticeRow.due_date < NO_DUE_DATE,
        or_(is_unpaid, PracticeRow.state_since >= since),
    )
    return session.execute(statement.order_by(PracticeRow.due_date.desc(), PracticeRow.place).limit(limit)).all()


def duplicate_candidates(
    session: Session, one: Stored, fiscal_code: str | None, practice_ids: Collection[UUID]
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
    return session.scalars(statement.order_by(PracticeRow.place.desc()).limit(_CANDIDATE_ROWS)).all()


def positions(
    session: Session, creditor_fiscal_code: str | None, notice_number: str | None, practice_ids: Sequence[UUID]
) -> Sequence[PracticeRow]:
    """Return practices by (domain, notice number) or by id, with entity and service."""
    by_number = and_(
        PracticeRow.creditor_fiscal_code == creditor_fiscal_code, PracticeRow.notice_number == notice_number
    )
    return session.scalars(_with_catalogue().where(or_(by_number, PracticeRow.id.in_(practice_ids)))).all()


def rest_of_debt_positions(session: Session, found: Sequence[PracticeRow]) -> Sequence[PracticeRow]:
    """Return what else belongs to the debt positions of these, with entity and service: they are closed as one."""
    named = {(row.entity_code, row.debt_position) for row in found if row.debt_position is not None}
    if not named:
        return []
    statement = _with_catalogue().where(
        tuple_(PracticeRow.entity_code, PracticeRow.debt_position).in_(named),
        PracticeRow.id.not_in([row.id for row in found]),
    )
    return session.scalars(statement).all()


def locked(session: Session, practice_ids: Iterable[UUID]) -> Sequence[PracticeRow]:
    """Return practices locked until the transaction ends, always taken in the same order."""
    statement = select(PracticeRow).where(PracticeRow.id.in_(list(practice_ids)))
    return session.scalars(statement.order_by(PracticeRow.id).with_for_update()).all()


def locked_with_catalogue(session: Session, practice_id: UUID) -> PracticeRow:
    """Return a practice with its entity and service, locked until the transaction ends. It exists."""
    statement = _with_catalogue().where(PracticeRow.id == practice_id).with_for_update(of=PracticeRow)
    return session.scalars(statement).one()


def locked_debts(session: Session, entity_code: str, external_ids: Iterable[str]) -> dict[str, PracticeRow]:
    """Return the entity's debts of these references, locked, by reference."""
    found: dict[str, PracticeRow] = {}
    for batch in batches(sorted(external_ids)):
        statement = _of_references(select(PracticeRow), entity_code, batch)
        rows = session.scalars(statement.order_by(PracticeRow.id).with_for_update())
        found |= {row.external_id: row for row in rows if row.external_id is not None}
    return found


def debts_by_reference(session: Session, entity_code: str, external_ids: Iterable[str]) -> dict[str, PracticeRow]:
    """Return the entity's debts of these references as they are, by reference."""
    found: dict[str, PracticeRow] = {}
    for batch in batches(sorted(external_ids)):
        rows = session.scalars(_of_references(select(PracticeRow), entity_code, batch))
        found |= {row.external_id: row for row in rows if row.external_id is not None}
    return found


def known_external_ids(session: Session, entity_code: str, external_ids: Iterable[str]) -> set[str]:
    """Return which of these references the entity has used."""
    known: set[str] = set()
    for batch in batches(sorted(external_ids)):
        statement = _of_references(select(PracticeRow.external_id), entity_code, batch)
        known.update(external_id for external_id in session.scalars(statement) if external_id is not None)
    return known


def _of_references(statement: Select[Any], entity_code: str, external_ids: Sequence[str]) -> Select[Any]:
    """Narrow a statement to an entity's debts of some references, each once.

    Each reference is looked up by the index. Given as a list, on a table that has grown since it was last analysed (a
    first file of many rows), the planner reads all debts of the entity instead.
    """
    references = func.unnest(literal(external_ids, ARRAY(Text)))
    named = tuple_(PracticeRow.entity_code, PracticeRow.external_id)
    return statement.where(named.in_(select(literal(entity_code), references)))


def insert_one(session: Session, values: Json) -> None:
    """Insert a new practice, given by column."""
    session.execute(_INSERT, values)


def insert_all(session: Session, made: Iterable[Json]) -> None:
    """Insert new practices, given by column, in their order."""
    rows = [[values.get(name) for name in _INSERTED] for values in made]
    bulk.insert_rows(session, PracticeRow.__table__, _INSERTED, rows)


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


def closing_positions(session: Session, limit: int) -> Sequence[tuple[str, str]]:
    """Return the debt positions whose money may have to close options, each by entity and its reference there."""
    statement = (
        select(PracticeRow.entity_code, PracticeRow.debt_position).where(PracticeRow.closes_options).limit(limit)
    )
    return [(entity_code, name) for entity_code, name in session.execute(statement.distinct()) if name is not None]


def locked_debt_position(session: Session, entity_code: str, debt_position: str) -> Sequence[PracticeRow]:
    """Return the practices of a debt position, locked in the order in which everybody locks practices."""
    statement = select(PracticeRow).where(
        PracticeRow.entity_code == entity_code, PracticeRow.debt_position == debt_position
    )
    return session.scalars(statement.order_by(PracticeRow.id).with_for_update()).all()


def close_again(session: Session, entity_code: str, debt_position: str) -> None:
    """Let a position that money has come for be looked at again: a debt has been added to it."""
    has_money = PracticeRow.state.in_([State.PAID.value, State.UNDERPAID.value, State.REPORTED.value])
    statement = update(PracticeRow).where(
        PracticeRow.entity_code == entity_code, PracticeRow.debt_position == debt_position, has_money
    )
    session.execute(statement.values(closes_options=True).execution_options(synchronize_session=False))


def of_option(session: Session, one: Stored, *, all_options: bool = False) -> Sequence[Row[Any]]:
    """Return the debtor's practices of the same option as they are shown, or of all options, this one's first."""
    statement = SHOWN.where(
        PracticeRow.entity_code == one.entity_code,
        PracticeRow.debt_position == one.debt_position,
        PracticeRow.debtor_fiscal_code == one.debtor_fiscal_code,
    )
    if not all_options:
        statement = statement.where(PracticeRow.option == one.option)
    is_other = PracticeRow.option != one.option
    return session.execute(
        statement.order_by(is_other, PracticeRow.option, PracticeRow.instalment_number, PracticeRow.place)
    ).all()


def to_tell(session: Session, limit: int) -> Sequence[PracticeRow]:
    """Return practices to pay of which payments has been told an older revision of their service, locked."""
    statement = (
        _with_catalogue()
        .join(
            ServiceRow,
            and_(ServiceRow.entity_code == PracticeRow.entity_code, ServiceRow.code == PracticeRow.service_code),
        )
        .where(
            PracticeRow.state.in_([State.TO_PAY.value, State.UNCONFIRMED.value]),
            PracticeRow.service_revision < ServiceRow.revision,
        )
        .limit(limit)
        .with_for_update(skip_locked=True, of=PracticeRow)
    )
    return session.scalars(statement).all()


def _with_catalogue() -> Select[PracticeRow]:
    """Select practices with entity and service."""
    return select(PracticeRow).options(joinedload(PracticeRow.entity), joinedload(PracticeRow.service))
