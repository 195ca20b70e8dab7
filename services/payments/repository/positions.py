"""Positions and creditors: the projection of practices' events."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from contracts.shapes import Creditor
from services.payments import models
from services.payments.domain.books import Bookkeeping
from services.payments.domain.positions import PaymentTerms, Position, PositionStatus

_TABLE: Final = models.Position.metadata.tables[models.Position.__tablename__]


def creditor(session: Session, fiscal_code: str) -> Creditor | None:
    """Return a creditor of ours; None means not known here."""
    row = session.get(models.Creditor, fiscal_code)
    return None if row is None else _read_creditor(row)


def entity_codes(session: Session) -> Sequence[str]:
    """Return the codes of all entities known here."""
    return session.scalars(select(models.Creditor.code).order_by(models.Creditor.code)).all()


def creditor_of_entity(session: Session, entity_code: str) -> Creditor | None:
    """Return the creditor with this entity code; None means not known here."""
    row = session.scalars(select(models.Creditor).where(models.Creditor.code == entity_code)).first()
    return None if row is None else _read_creditor(row)


def asked_about(
    session: Session, creditor_fiscal_code: str, notice_number: str
) -> tuple[Creditor | None, Position | None, datetime]:
    """Return a creditor, its notice and the database's time in one round trip, for the node's questions."""
    notice = and_(
        models.Position.creditor_fiscal_code == models.Creditor.fiscal_code,
        models.Position.notice_number == notice_number,
    )
    creditor = models.Creditor.fiscal_code == creditor_fiscal_code
    # The time stands in a row of its own: there is one also where we have neither creditor nor notice.
    clock = select(func.clock_timestamp().label("at")).subquery("clock")
    statement = select(clock.c.at, models.Creditor, models.Position).select_from(clock)
    statement = statement.outerjoin(models.Creditor, creditor).outerjoin(models.Position, notice)
    row = session.execute(statement).one()
    return (
        _read_creditor(row.Creditor) if row.Creditor else None,
        _read(row.Position) if row.Position else None,
        row.at,
    )


def asked_about_locked(
    session: Session, creditor_fiscal_code: str, notice_number: str
) -> tuple[Creditor | None, Position | None]:
    """Return a creditor and its notice, which nobody else may change, in one round trip, for the node's receipts."""
    notice = select(models.Position).where(
        models.Position.creditor_fiscal_code == creditor_fiscal_code,
        models.Position.notice_number == notice_number,
    )
    # PostgreSQL does not lock the outer side of a join; a CTE it does.
    locked = aliased(models.Position, notice.with_for_update().cte("locked"))
    statement = select(models.Creditor, locked).outerjoin(locked, true())
    row = session.execute(statement.where(models.Creditor.fiscal_code == creditor_fiscal_code)).first()
    if row is None:
        return None, None
    return _read_creditor(row[0]), _read(row[1]) if row[1] else None


def practices_of_iuvs(session: Session, creditor_fiscal_code: str, iuvs: Iterable[str]) -> Sequence[UUID]:
    """Return the practices with these IUVs."""
    statement = select(models.Position.practice_id).where(
        models.Position.creditor_fiscal_code == creditor_fiscal_code, models.Position.iuv.in_(list(iuvs))
    )
    return session.scalars(statement).all()


def save_creditor(session: Session, known: Creditor, as_of: datetime) -> None:
    """Store what is known of a creditor unless something newer is."""
    row = session.get(models.Creditor, known.fiscal_code)
    if row is not None and _read_creditor(row) == known:
        return
    values = {
        "fiscal_code": known.fiscal_code,
        "code": known.code,
        "company_name": known.company_name,
        "office_name": known.office_name,
        "broker_fiscal_code": known.broker_fiscal_code,
        "station_id": known.station_id,
        "as_of": as_of,
    }
    statement = insert(models.Creditor).values(**values)
    statement = statement.on_conflict_do_update(
        index_elements=["fiscal_code"], set_=values, where=models.Creditor.as_of < as_of
    )
    session.execute(statement, execution_options={"populate_existing": True})


def by_notice(
    session: Session, creditor_fiscal_code: str, notice_number: str, *, lock: bool = False
) -> Position | None:
    """Return the position of a notice; with `lock` nobody else may change it."""
    statement = select(models.Position).where(
        models.Position.creditor_fiscal_code == creditor_fiscal_code,
        models.Position.notice_number == notice_number,
    )
    row = session.scalar(_locked(statement) if lock else statement)
    return None if row is None else _read(row)


def by_practice(session: Session, practice_ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Position]:
    """Return the positions known, by practice; locked in the order of their ids, so that two callers cannot tangle."""
    statement = select(models.Position).where(models.Position.practice_id.in_(list(practice_ids)))
    statement = statement.order_by(models.Position.practice_id)
    rows = session.scalars(_locked(statement) if lock else statement)
    return {row.practice_id: _read(row) for row in rows}


def bookkeeping(session: Session, practice_ids: Iterable[UUID]) -> dict[UUID, Bookkeeping]:
    """Return what entities' books know practices by, of those of which it was told."""
    position = models.Position
    statement = select(position.practice_id, position.bookkeeping).where(
        position.practice_id.in_(list(practice_ids)), position.bookkeeping.is_not(None)
    )
    return {row.practice_id: row.bookkeeping for row in session.execute(statement)}


def of_debt_position(session: Session, position: Position) -> Sequence[Position]:
    """Return the positions that pay the same debt position, this one among them; alone where it is of none."""
    name = position.terms.debt_position if position.terms else None
    if name is None:
        return [position]
    statement = select(models.Position).where(
        models.Position.entity_code == position.entity_code, models.Position.debt_position == name
    )
    rows = session.scalars(statement.order_by(models.Position.practice_id)).all()
    return [position if row.practice_id == position.practice_id else _read(row) for row in rows]


def hold_debt_positions(session: Session, held: Iterable[Position]) -> None:
    """Let nobody else take money for the debt positions of some notices until the transaction ends.

    Whoever takes money holds the notices' own rows first, and of the others' none; then these, in one order for all: so
    two cannot tangle.
    """
    named = {(one.entity_code, one.terms.debt_position) for one in held if one.terms and one.terms.debt_position}
    for entity_code, name in sorted(named):
        key = f"debt-position:{entity_code}:{name}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def record_payment(session: Session, position: Position) -> None:
    """Write back what a payment changes. The caller holds the position's lock."""
    statement = update(_TABLE).where(_TABLE.c.practice_id == position.practice_id)
    session.execute(
        statement.values(
            paid_receipt_id=position.paid_receipt_id,
            paid_at=position.paid_at,
            received_cents=position.received_cents,
            first_paid_at=position.first_paid_at,
            event_sequence=position.event_sequence,
        )
    )


def _read_creditor(row: models.Creditor) -> Creditor:
    return Creditor(
        code=row.code,
        fiscal_code=row.fiscal_code,
        company_name=row.company_name,
        office_name=row.office_name,
        broker_fiscal_code=row.broker_fiscal_code,
        station_id=row.station_id,
    )


def _locked(statement: Select[models.Position]) -> Select[models.Position]:
    """Lock, and read again what the session may have read before it had the lock."""
    return statement.with_for_update().execution_options(populate_existing=True)


def _read(row: models.Position) -> Position:
    return Position(
        practice_id=row.practice_id,
        entity_code=row.entity_code,
        creditor_fiscal_code=row.creditor_fiscal_code,
        notice_number=row.notice_number,
        iuv=row.iuv,
        status=PositionStatus(row.status),
        sequence=row.sequence,
        status_reason=row.status_reason,
        terms=_read_terms(row),
        terms_sequence=row.terms_sequence,
        paid_receipt_id=row.paid_receipt_id,
        paid_at=row.paid_at,
        received_cents=row.received_cents,
        first_paid_at=row.first_paid_at,
        event_sequence=row.event_sequence,
    )


def _read_terms(row: models.Position) -> PaymentTerms | None:
    """Return the terms, which are stored all at once or not at all."""
    if row.amount_cents is None or row.debtor is None or row.transfers is None or row.created_at is None:
        return None
    return PaymentTerms(
        amount_cents=row.amount_cents,
        description=row.description or "",
        due_date=row.due_date,
        payable_until=row.payable_until,
        debtor=row.debtor,
        transfers=row.transfers,
        created_at=row.created_at,
        archive=row.archive,
        public_description=row.public_description,
        bookkeeping=row.bookkeeping,
        schedule=row.schedule,
        part=row.part,
    )
