"""Create positions checkouts and receipts.

Revision: 0001, after None
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("payer_ref", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("returned", sa.Text(), nullable=True),
        sa.Column("problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_checkouts_unfinished",
        "checkouts",
        ["open_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('opening', 'open')"),
    )
    op.create_table(
        "creditors",
        sa.Column("fiscal_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("office_name", sa.Text(), nullable=True),
        sa.Column("broker_fiscal_code", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_code"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("reply", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key"),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "message_id"),
    )
    op.create_table(
        "node_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("raw_xml", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_node_calls_practice", "node_calls", ["practice_id", "at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("relayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("position"),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], unique=False)
    op.create_index(
        "ix_outbox_unrelayed", "outbox", ["id"], unique=False, postgresql_where=sa.text("relayed_at IS NULL")
    )
    op.create_table(
        "positions",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.Column("iuv", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("standing_reason", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("terms_sequence", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("payable_until", sa.Date(), nullable=True),
        sa.Column("debtor", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("transfers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_receipt_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_sequence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("practice_id"),
    )
    op.create_index("ux_positions_notice", "positions", ["creditor_fiscal_code", "notice_number"], unique=True)
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("owner_fiscal_code", sa.Text(), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.Column("iuv", sa.Text(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("judgement", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("own_share_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_date", sa.Date(), nullable=True),
        sa.Column("psp_id", sa.Text(), nullable=False),
        sa.Column("psp_name", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("payment_note", sa.Text(), nullable=True),
        sa.Column("checkout_id", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("raw_xml", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_receipts_entity", "receipts", ["entity_code", "transaction", "id"], unique=False)
    op.create_index("ix_receipts_notice", "receipts", ["owner_fiscal_code", "notice_number"], unique=False)
    op.create_index("ix_receipts_practice", "receipts", ["practice_id"], unique=False)
    op.create_index(
        "ix_receipts_unjudged", "receipts", ["id"], unique=False, postgresql_where=sa.text("judgement IS NULL")
    )
    op.create_index("ux_receipts_receipt", "receipts", ["creditor_fiscal_code", "receipt_id"], unique=True)
    op.create_table(
        "checkout_items",
        sa.Column("checkout_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("notice_number", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("holding", sa.Boolean(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkouts.id"]),
        sa.PrimaryKeyConstraint("checkout_id", "place"),
    )
    op.create_index("ix_checkout_items_practice", "checkout_items", ["practice_id"], unique=False)
    op.create_index(
        "ux_checkout_items_one_open",
        "checkout_items",
        ["practice_id"],
        unique=True,
        postgresql_where=sa.text("holding"),
    )


def downgrade() -> None:
    op.drop_index("ux_checkout_items_one_open", table_name="checkout_items", postgresql_where=sa.text("holding"))
    op.drop_index("ix_checkout_items_practice", table_name="checkout_items")
    op.drop_table("checkout_items")
    op.drop_index("ux_receipts_receipt", table_name="receipts")
    op.drop_index("ix_receipts_unjudged", table_name="receipts", postgresql_where=sa.text("judgement IS NULL"))
    op.drop_index("ix_receipts_practice", table_name="receipts")
    op.drop_index("ix_receipts_notice", table_name="receipts")
    op.drop_index("ix_receipts_entity", table_name="receipts")
    op.drop_table("receipts")
    op.drop_index("ux_positions_notice", table_name="positions")
    op.drop_table("positions")
    op.drop_index("ix_outbox_unrelayed", table_name="outbox", postgresql_where=sa.text("relayed_at IS NULL"))
    op.drop_index("ix_outbox_created_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_node_calls_practice", table_name="node_calls")
    op.drop_table("node_calls")
    op.drop_table("inbox")
    op.drop_table("idempotency_keys")
    op.drop_table("creditors")
    op.drop_index(
        "ix_checkouts_unfinished", table_name="checkouts", postgresql_where=sa.text("state IN ('opening', 'open')")
    )
    op.drop_table("checkouts")
