"""The bank's credits on an entity's account, and which flow each is of."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from contracts.rpc.settlement import PutCreditRequest
from services.payments.domain.settlements import squeezed
from services.payments.models import BankCredit, SettlementFlow

# A credit is booked within these days of the flow's settlement.
_DAYS_APART: Final = timedelta(days=5)
_CANDIDATES_MAX: Final = 10


def save_credit(session: Session, credit: PutCreditRequest, flow_id: str | None, now: datetime) -> None:
    """Store a bank credit, or what is known of it now."""
    known = {
        "booked_on": credit.booked_on,
        "amount_cents": credit.amount_cents,
        "remittance_text": credit.remittance_text,
        "flow_id": flow_id,
        "received_at": now,
    }
    statement = upsert(BankCredit).values(entity_code=credit.entity_code, reference=credit.reference, **known)
    session.execute(statement.on_conflict_do_update(index_elements=["entity_code", "reference"], set_=known))
    session.expire_all()


def credit(session: Session, entity_code: str, reference: str) -> BankCredit | None:
    """Return a credit by the bank's reference."""
    return session.get(BankCredit, (entity_code, reference))


def credits_by_flow(session: Session, entity_code: str, flow_ids: Iterable[str]) -> dict[str, list[BankCredit]]:
    """Return the bank credits that name these flows."""
    statement = select(BankCredit).where(BankCredit.entity_code == entity_code, BankCredit.flow_id.in_(list(flow_ids)))
    found: dict[str, list[BankCredit]] = {}
    for credit in session.scalars(statement.order_by(BankCredit.booked_on, BankCredit.reference)):
        found.setdefault(str(credit.flow_id), []).append(credit)
    return found


def known_flow_in(session: Session, entity_code: str, remittance_text: str) -> str | None:
    """Return the id of the flow that a credit's text names, of those that are here; the longest, where several fit."""
    named = func.strpos(squeezed(remittance_text), "/URI/" + func.upper(SettlementFlow.flow_id)) > 0
    statement = select(SettlementFlow.flow_id).where(
        SettlementFlow.entity_code == entity_code, SettlementFlow.current, named
    )
    return session.scalar(statement.order_by(func.char_length(SettlementFlow.flow_id).desc()).limit(1))


def name_flow(session: Session, entity_code: str, flow_id: str) -> None:
    """Let the credits whose text names a flow that has come be its credits, unless they are another's that is here."""
    text = func.upper(func.regexp_replace(BankCredit.remittance_text, r"\s", "", "g"))
    statement = update(BankCredit).where(
        BankCredit.entity_code == entity_code,
        func.strpos(text, literal(f"/URI/{flow_id}".upper())) > 0,
        ~_flow_is_known(),
    )
    session.execute(statement.values(flow_id=flow_id), execution_options={"synchronize_session": False})


def unmatched(session: Session, entity_code: str, after: str | None, limit: int) -> Sequence[BankCredit]:
    """Return the credits whose flow is not here, oldest first."""
    statement = select(BankCredit).where(BankCredit.entity_code == entity_code, ~_flow_is_known())
    last = session.get(BankCredit, (entity_code, after)) if after else None
    if last is not None:
        place = (BankCredit.booked_on, BankCredit.reference)
        statement = statement.where(func.row(*place) > func.row(last.booked_on, last.reference))
    return session.scalars(statement.order_by(BankCredit.booked_on, BankCredit.reference).limit(limit)).all()


def candidates(session: Session, credit: BankCredit) -> Sequence[str]:
    """Return the flows of a credit's amount and days that no credit names."""
    named = exists().where(
        BankCredit.entity_code == SettlementFlow.entity_code, BankCredit.flow_id == SettlementFlow.flow_id
    )
    statement = select(SettlementFlow.flow_id).where(
        SettlementFlow.entity_code == credit.entity_code,
        SettlementFlow.current,
        SettlementFlow.total_cents == credit.amount_cents,
        SettlementFlow.settled_on.between(credit.booked_on - _DAYS_APART, credit.booked_on + _DAYS_APART),
        ~named,
    )
    return session.scalars(statement.order_by(SettlementFlow.settled_on).limit(_CANDIDATES_MAX)).all()


def _flow_is_known() -> ColumnElement[bool]:
    return exists().where(
        SettlementFlow.entity_code == BankCredit.entity_code,
        SettlementFlow.flow_id == BankCredit.flow_id,
        SettlementFlow.current,
    )
