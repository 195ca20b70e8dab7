"""What an office looks for: practices of one entity, of the services its operator may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, any_, func, literal_column, select, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from services.practices.domain.typed_search import TypedSearch
from services.practices.models import DEBTOR_NAME, DEBTOR_WORDS, EntityRow, PracticeRow
from services.practices.repository.practices import shown_columns

NAME: ColumnElement[str] = literal_column(DEBTOR_NAME)
_WORDS: ColumnElement[Any] = literal_column(DEBTOR_WORDS)
# As its index has it: SQLAlchemy would write a subscript, which PostgreSQL does not take for the same.
_RECEIPTS: Any = literal_column("(facts -> 'receipts')", JSONB())


def of_debtor(
    session: Session, entity_code: str, services: Sequence[str] | None, fiscal_code: str, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Return a debtor's practices as they are shown, newest first, those placed before `before`."""
    statement = _of(entity_code, services).where(PracticeRow.debtor_fiscal_code == fiscal_code)
    if before is not None:
        statement = statement.where(PracticeRow.place < before)
    return session.execute(statement.order_by(PracticeRow.place.desc()).limit(limit)).all()


def by_reference(
    session: Session, entity_code: str, services: Sequence[str] | None, typed: TypedSearch, limit: int
) -> Sequence[Row[Any]]:
    """Return the practices whose notice number, IUV, receipt or own reference it is, newest first.

    Each is looked up by its own index: an array of ids first, as joined the planner may go through all of an entity's.
    """
    creditor = select(EntityRow.creditor_fiscal_code).where(EntityRow.code == entity_code).scalar_subquery()
    references = sorted({typed.reference, typed.reference.upper()})
    found = [
        select(PracticeRow.id).where(PracticeRow.creditor_fiscal_code == creditor, PracticeRow.iuv.in_(references)),
        select(PracticeRow.id).where(PracticeRow.entity_code == entity_code, PracticeRow.external_id.in_(references)),
        select(PracticeRow.id).where(PracticeRow.facts.has_key("receipts"), _RECEIPTS.has_key(typed.reference)),
    ]
    if typed.notice_number is not None:
        found.append(select(PracticeRow.id).where(PracticeRow.notice_number == typed.notice_number))
    ids = func.array(union_all(*found).scalar_subquery())
    statement = _of(entity_code, services).where(PracticeRow.id == any_(ids))
    return session.execute(statement.order_by(PracticeRow.place.desc()).limit(limit)).all()


def by_name(
    session: Session, entity_code: str, services: Sequence[str] | None, beginnings: Sequence[str], limit: int
) -> Sequence[Row[Any]]:
    """Return the practices whose debtor's name begins so, by name, the newest of each first.

    Of each beginning as many as are asked for, by the index: a name may be that of thousands.
    """
    of_each = [_named(entity_code, services, beginning, limit) for beginning in beginnings]
    places = func.array(union_all(*of_each).scalar_subquery())
    statement = shown_columns().where(PracticeRow.place == any_(places))
    return session.execute(statement.order_by(NAME, PracticeRow.place.desc()).limit(limit)).all()


def by_words(
    session: Session, entity_code: str, services: Sequence[str] | None, words: Sequence[str], limit: int
) -> Sequence[Row[Any]]:
    """Return practices whose debtor's name has words that begin so, in any order and place, by name.

    Of thousands any so many: nobody goes through them, and to find the first by name all would have to be looked at.
    """
    asked = func.to_tsquery(literal_column("'simple'::regconfig"), " & ".join(f"{word}:*" for word in words))
    any_of_them = (
        select(PracticeRow.place).where(*conditions(entity_code, services), _WORDS.op("@@")(asked)).limit(limit)
    )
    statement = shown_columns().where(PracticeRow.place == any_(func.array(any_of_them.scalar_subquery())))
    return session.execute(statement.order_by(NAME, PracticeRow.place.desc())).all()


def at_places(session: Session, places: Sequence[int]) -> Sequence[Row[Any]]:
    """Return the practices at these places as they are shown, oldest first."""
    statement = shown_columns().where(PracticeRow.place.in_(places))
    return session.execute(statement.order_by(PracticeRow.place)).all()


def practice(session: Session, entity_code: str, services: Sequence[str] | None, practice_id: UUID) -> Row[Any] | None:
    """Return a practice as it is shown, where it is this entity's and of these services."""
    return session.execute(_of(entity_code, services).where(PracticeRow.id == practice_id)).first()


def locked(session: Session, entity_code: str, services: Sequence[str] | None, practice_id: UUID) -> PracticeRow | None:
    """Return the same practice locked."""
    statement = select(PracticeRow).where(PracticeRow.id == practice_id, *conditions(entity_code, services))
    return session.scalars(statement.with_for_update()).first()


def _of(entity_code: str, services: Sequence[str] | None) -> Select[Any]:
    return shown_columns().where(*conditions(entity_code, services))


def conditions(entity_code: str, services: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """Return what is true of the practices of an entity and of these services, None for every one."""
    entity = PracticeRow.entity_code == entity_code
    return [entity] if services is None else [entity, PracticeRow.service_code.in_(services)]


def _named(entity_code: str, services: Sequence[str] | None, beginning: str, limit: int) -> Select[Any]:
    """Select the places of practices by the beginning of a name, in the order of its index."""
    ordered = (
        select(PracticeRow.place)
        .where(*conditions(entity_code, services), NAME.startswith(beginning, autoescape=True))
        .order_by(NAME, PracticeRow.place)
        .limit(limit)
    )
    return select(ordered.subquery().c.place)
