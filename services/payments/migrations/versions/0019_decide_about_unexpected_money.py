"""Decide about money that nobody expected: cases, and refunds in files for the bank.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from chassis.storage import online_indexes

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UNEXPECTED = (
    "judgement IN ('already_paid', 'cancelled', 'expired', 'other_amount', 'underpaid', 'unknown_notice', "
    "'wrong_stamp')"
)


def upgrade() -> None:
    op.create_table(
        "refund_rules",
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entity_code"),
        if_not_exists=True,
    )
    op.create_table(
        "refund_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", JSONB(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("account_iban", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("account_fiscal_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index("ix_refund_exports_entity", "refund_exports", ["entity_code", "created_at"], if_not_exists=True)
    _create_cases()
    op.create_table(
        "refund_export_items",
        sa.Column("export_id", sa.Uuid(), sa.ForeignKey("refund_exports.id"), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("money_cases.id"), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("remittance_text", sa.Text(), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "place"),
        if_not_exists=True,
    )
    online_indexes.create_index("ix_receipts_unexpected", "receipts", ["id"], where=UNEXPECTED)


def _create_cases() -> None:
    op.create_table(
        "money_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_row_id", sa.BigInteger(), sa.ForeignKey("receipts.id"), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_receipt_id", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("unexpected_cents", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("iban", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("refund_cents", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", JSONB(), nullable=True),
        sa.Column("offset_practice_id", sa.Uuid(), nullable=True),
        sa.Column("export_id", sa.Uuid(), sa.ForeignKey("refund_exports.id"), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    named = {
        "ix_money_cases_entity": ["entity_code", "state", "receipt_row_id"],
        "ix_money_cases_practice": ["practice_id"],
    }
    for name, columns in named.items():
        op.create_index(name, "money_cases", columns, if_not_exists=True)
    op.create_index("ux_money_cases_receipt", "money_cases", ["receipt_row_id"], unique=True, if_not_exists=True)
    op.create_index(
        "ix_money_cases_export",
        "money_cases",
        ["export_id"],
        postgresql_where=sa.text("export_id IS NOT NULL"),
        if_not_exists=True,
    )
