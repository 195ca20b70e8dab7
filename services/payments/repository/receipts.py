"""Receipts: facts, inserted once and never deleted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Text, cast, exists, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.rpc.payments import PaymentsRequest
from services.payments.domain.receipts import Judgement
from services.payments.models import Receipt

# The plain table: a receipt of the node need not go through the mapper.
_TABLE: Final = Receipt.metadata.tables[Receipt.__tablename__]
_KEY: Final = ("creditor_fiscal_code", "receipt_id", "owner_fiscal_code", "notice_number")
_WRITTEN: Final = tuple(column.name for column in _TABLE.columns if column.name not in ("id", "transaction"))
# What a receipt of the node tells better than one made from a settlement flow. The rest has been announced.
_JUDGED: Final = frozenset(
    {"judgement", "judged_at", "reported_at", "event_sequence", "reported_sequence", "checkout_id", "node_receipt_id"}
)
# The oldest that runs when the statement begins, but for those of the server's other databases: whatever runs there,
# backups and long reports included, writes no receipt. One that ends meanwhile counts as ours, and a later page has it.
_IS_BELOW_HORIZON: Final = text(
    """
    transaction < COALESCE(
        (SELECT min(running::text::bigint) FROM pg_snapshot_xip(pg_current_snapshot()) AS running
          WHERE NOT EXISTS (
              SELECT FROM pg_stat_get_activity(NULL)
               WHERE backend_xid = running::xid
                 AND datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))),
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
    """
)
_COMPLETED: Final = (
    "outcome",
    "paid_at",
    "application_date",
    "psp_id",
    "psp_name",
    "payment_method",
    "payment_note",
    "details",
    "raw_xml",
    "stand_in",
)


def insert_new(session: Session, receipt: Receipt) -> bool:
    """Store a receipt, which the session does not know, and give it its id; False when it is here already.

    A concurrent twin waits here for the first one's commit.
    """
    values = {name: value for name in _WRITTEN if (value := getattr(receipt, name)) is not None}
    statement = insert(_TABLE).on_conflict_do_nothing(index_elements=_KEY)
    row_id = session.scalar(statement.returning(_TABLE.c.id), values)
    if row_id is None:
        return False
    receipt.id = row_id
    return True


def of_same_notice(session: Session, receipt: Receipt) -> Sequence[Receipt]:
    """Return, locked, the receipts that the creditor has for the notice of this one, oldest first."""
    statement = select(Receipt).where(
        Receipt.owner_fiscal_code == receipt.owner_fiscal_code,
        Receipt.notice_number == receipt.notice_number,
        Receipt.creditor_fiscal_code == receipt.creditor_fiscal_code,
    )
    statement = statement.order_by(Receipt.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def complete(makeshift: Receipt, receipt: Receipt) -> None:
    """Put a receipt in place of one that was made from a settlement flow, or recovered; what that one meant stays."""
    was_stand_in = makeshift.stand_in
    for name in _COMPLETED:
        setattr(makeshift, name, getattr(receipt, name))
    # BizEvents does not say whether it was paid by stand-in; the flow does.
    makeshift.stand_in = receipt.stand_in or (was_stand_in and receipt.source == "recovered")
    makeshift.source = receipt.source
    makeshift.node_receipt_id = receipt.receipt_id if receipt.receipt_id != makeshift.receipt_id else None


def taken_back(completed: Receipt) -> Receipt:
    """Return, to be stored by itself, the node's receipt that was put in place of another by mistake."""
    values = {name: getattr(completed, name) for name in _WRITTEN if name not in _JUDGED}
    return Receipt(**values | {"receipt_id": completed.node_receipt_id, "source": "node", "flags": []})


def id_is_of_other_notice(session: Session, receipt: Receipt) -> bool:
    """Return whether the creditor has a receipt of this id for another notice."""
    others = select(Receipt.id).where(
        Receipt.creditor_fiscal_code == receipt.creditor_fiscal_code,
        Receipt.receipt_id == receipt.receipt_id,
        Receipt.id != receipt.id,
    )
    return session.scalar(others.limit(1)) is not None


def add_flags(session: Session, receipt_row_id: int, flags: Sequence[str]) -> None:
    """Write down what is odd about a stored receipt, besides what was before."""
    statement = update(_TABLE).where(_TABLE.c.id == receipt_row_id)
    session.execute(statement.values(flags=func.array_cat(_TABLE.c.flags, cast(list(flags), ARRAY(Text)))))


def by_receipt_ids(
    session: Session, creditor_fiscal_code: str, receipt_ids: Collection[str], *, lock: bool = False
) -> Sequence[Receipt]:
    """Return the receipts with these ids that brought money to a creditor."""
    statement = (
        select(Receipt)
        .where(
            Receipt.creditor_fiscal_code == creditor_fiscal_code,
            or_(Receipt.receipt_id.in_(receipt_ids), Receipt.node_receipt_id.in_(receipt_ids)),
            Receipt.judgement.not_in([Judgement.NO_MONEY.value, Judgement.FOREIGN.value]),
        )
        .order_by(Receipt.id)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def of_iuvs(session: Session, creditor_fiscal_code: str, iuvs: Collection[str]) -> Sequence[Receipt]:
    """Return, locked, the receipts for a creditor's own notices with these IUVs that brought money, oldest first."""
    statement = select(Receipt).where(
        Receipt.creditor_fiscal_code == creditor_fiscal_code,
        Receipt.owner_fiscal_code == creditor_fiscal_code,
        Receipt.iuv.in_(iuvs),
        Receipt.judgement.not_in([Judgement.NO_MONEY.value, Judgement.FOREIGN.value]),
    )
    statement = statement.order_by(Receipt.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def unreported(session: Session, paid_before: datetime, limit: int) -> tuple[int, Sequence[str]]:
    """Return how many receipts paid before then no flow has reported, and the ids of the oldest.

    Only those with a transfer to an account of their creditor: a stamp stands in no flow.
    """
    share = func.jsonb_array_elements(_TABLE.c.details["transfers"]).table_valued("value").alias("share")
    goes_to_account = (
        exists()
        .select_from(share)
        .where(
            share.c.value.op("->>")("fiscal_code") == _TABLE.c.creditor_fiscal_code,
            share.c.value.op("->>")("iban").is_not(None),
        )
    )
    late = (
        _TABLE.c.reported_at.is_(None),
        _TABLE.c.judgement.not_in([Judgement.NO_MONEY.value, Judgement.FOREIGN.value]),
        _TABLE.c.paid_at < paid_before,
        goes_to_account,
    )
    count = session.scalar(select(func.count()).select_from(_TABLE).where(*late)) or 0
    oldest = select(_TABLE.c.receipt_id).where(*late).order_by(_TABLE.c.paid_at).limit(limit)
    return count, session.scalars(oldest).all()


def mark_reported(session: Session, receipt_row_id: int, now: datetime, sequence: int | None) -> None:
    """Note that all transfers of a receipt stand in settlement flows; `sequence` is the practice's last event."""
    statement = update(_TABLE).where(_TABLE.c.id == receipt_row_id)
    session.execute(statement.values(reported_at=now, reported_sequence=sequence))


def unjudged_ids(session: Session, limit: int) -> Sequence[int]:
    """Return the receipts of which it is not known yet what they mean, oldest first."""
    statement = select(Receipt.id).where(Receipt.judgement.is_(None)).order_by(Receipt.id).limit(limit)
    return session.scalars(statement).all()


def unjudged_of_notice(session: Session, owner_fiscal_code: str, notice_number: str) -> Sequence[Receipt]:
    """Return, locked, the receipts of a notice that wait for it to be known, oldest first."""
    statement = select(Receipt).where(
        Receipt.owner_fiscal_code == owner_fiscal_code,
        Receipt.notice_number == notice_number,
        Receipt.judgement.is_(None),
    )
    return session.scalars(statement.order_by(Receipt.id).with_for_update()).all()


def get(session: Session, receipt_row_id: int, *, lock: bool = False) -> Receipt:
    """Return one receipt by its row."""
    statement = select(Receipt).where(Receipt.id == receipt_row_id)
    return session.scalars(statement.with_for_update() if lock else statement).one()


def of_practice(session: Session, practice_id: UUID) -> Sequence[Receipt]:
    """Return the receipts of a practice that brought money, in the order they were judged."""
    statement = select(Receipt).where(Receipt.practice_id == practice_id, Receipt.judgement != Judgement.NO_MONEY)
    return session.scalars(statement.order_by(Receipt.event_sequence, Receipt.id)).all()


def page(session: Session, asked: PaymentsRequest, after: tuple[int, int]) -> Sequence[Receipt]:
    """Return an entity's receipts after a cursor (transaction, id), in an order later commits cannot slip into.

    A transaction of this database still running when the page is read has a number not below the horizon, so its rows
    and all later ones wait for the next page.
    """
    statement = select(Receipt).where(
        Receipt.entity_code == asked.entity_code,
        Receipt.amount_cents > 0,
        tuple_(Receipt.transaction, Receipt.id) > after,
        _IS_BELOW_HORIZON,
    )
    if asked.since is not None:
        statement = statement.where(Receipt.received_at >= asked.since)
    if asked.until is not None:
        statement = statement.where(Receipt.received_at < asked.until)
    if asked.flagged:
        statement = statement.where(func.cardinality(Receipt.flags) > 0)
    return session.scalars(statement.order_by(Receipt.transaction, Receipt.id).limit(asked.limit)).all()


def renumber(session: Session, receipt: Receipt) -> None:
    """Give a receipt that becomes visible to its entity only now a number later than every page read so far."""
    receipt.transaction = session.scalar(text("SELECT pg_current_xact_id()::text::bigint")) or receipt.transaction
