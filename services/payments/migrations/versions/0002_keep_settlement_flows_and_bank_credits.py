"""Keep settlement flows and bank credits.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_positions_iuv", "positions", ["creditor_fiscal_code", "iuv"])
    op.create_index("ix_node_calls_at", "node_calls", ["at"])
    op.add_column("receipts", sa.Column("source", sa.Text(), server_default=sa.text("'node'"), nullable=False))
    op.add_column("receipts", sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "settlement_flows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("flow_id", sa.Text(), nullable=False),
        sa.Column("flow_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("regulation_id", sa.Text(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=True),
        sa.Column("payments_count", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ux_settlement_flows_revision",
        "settlement_flows",
        ["creditor_fiscal_code", "flow_id", "flow_at", "revision"],
        unique=True,
    )
    op.create_index(
        "ux_settlement_flows_current",
        "settlement_flows",
        ["creditor_fiscal_code", "flow_id"],
        unique=True,
        postgresql_where=sa.text("current"),
    )
    op.create_index("ix_settlement_flows_day", "settlement_flows", ["entity_code", "settled_on"])
    op.create_table(
        "settlement_rows",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("flow_row_id", sa.BigInteger(), nullable=False),
        sa.Column("iuv", sa.Text(), nullable=False),
        sa.Column("iur", sa.Text(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("transfer", sa.Integer(), nullable=True),
        sa.Column("receipt_row_id", sa.BigInteger(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["flow_row_id"], ["settlement_flows.id"]),
        sa.ForeignKeyConstraint(["receipt_row_id"], ["receipts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_settlement_rows_flow", "settlement_rows", ["flow_row_id", "iur"])
    op.create_index("ix_settlement_rows_receipt", "settlement_rows", ["receipt_row_id"])
    op.create_index(
        "ix_settlement_rows_pending", "settlement_rows", ["id"], postgresql_where=sa.text("finding IS NULL")
    )
    op.create_index(
        "ix_settlement_rows_worklist",
        "settlement_rows",
        ["id"],
        postgresql_where=sa.text("finding NOT IN ('reported', 'recovered')"),
    )
    op.create_table(
        "bank_credits",
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("remittance_text", sa.Text(), nullable=False),
        sa.Column("flow_id", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entity_code", "reference"),
    )
    op.create_index("ix_bank_credits_flow", "bank_credits", ["entity_code", "flow_id"])


def downgrade() -> None:
    op.drop_table("bank_credits")
    op.drop_table("settlement_rows")
    op.drop_table("settlement_flows")
    op.drop_column("receipts", "reported_at")
    op.drop_column("receipts", "source")
    op.drop_index("ix_node_calls_at", table_name="node_calls")
    op.drop_index("ix_positions_iuv", table_name="positions")
