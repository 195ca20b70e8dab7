"""Tables of entities, catalogue, practices, imports, outbox, inbox and idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entities",
        sa.Column("code", sa.String(length=35), nullable=False),
        sa.Column("creditor_fiscal_code", sa.String(length=11), nullable=False),
        sa.Column("company_name", sa.String(length=140), nullable=False),
        sa.Column("office_name", sa.String(length=140), nullable=True),
        sa.Column("broker_fiscal_code", sa.String(length=11), nullable=False),
        sa.Column("station_id", sa.String(length=35), nullable=False),
        sa.Column("segregation_code", sa.String(length=2), nullable=False),
        sa.Column("iban", sa.String(length=35), nullable=False),
        sa.Column("postal_iban", sa.String(length=35), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("contact_email", sa.Text(), nullable=True),
        sa.Column("logo", sa.Text(), nullable=True),
        sa.Column("cbill", sa.Text(), nullable=True),
        sa.Column("postal_account", sa.Text(), nullable=True),
        sa.Column("postal_account_holder", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("creditor_fiscal_code", "segregation_code"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("reply", postgresql.JSONB(none_as_null=True), nullable=True),
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
        "notice_sequences",
        sa.Column("creditor_fiscal_code", sa.String(length=11), nullable=False),
        sa.Column("segregation_code", sa.String(length=2), nullable=False),
        sa.Column("next_base", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("creditor_fiscal_code", "segregation_code"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
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
        "catalogue_services",
        sa.Column("entity_code", sa.String(length=35), nullable=False),
        sa.Column("code", sa.String(length=35), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", postgresql.JSONB(), nullable=False),
        sa.Column("note", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("category", sa.String(length=140), nullable=False),
        sa.Column("spontaneous", sa.Boolean(), nullable=False),
        sa.Column("allows_anonymous", sa.Boolean(), nullable=False),
        sa.Column("requires_beneficiary", sa.Boolean(), nullable=False),
        sa.Column("accepts_late", sa.Boolean(), nullable=False),
        sa.Column("min_cents", sa.BigInteger(), nullable=True),
        sa.Column("max_cents", sa.BigInteger(), nullable=True),
        sa.Column("unit_cents", sa.BigInteger(), nullable=True),
        sa.Column("fixed_cents", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["entity_code"], ["entities.code"]),
        sa.PrimaryKeyConstraint("entity_code", "code"),
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.String(length=35), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entity_code"], ["entities.code"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=70), nullable=True),
        sa.Column("notice_number", sa.String(length=18), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("column_name", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "line"),
    )
    op.create_table(
        "practices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity_code", sa.String(length=35), nullable=False),
        sa.Column("service_code", sa.String(length=35), nullable=False),
        sa.Column("creditor_fiscal_code", sa.String(length=11), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=70), nullable=True),
        sa.Column("notice_number", sa.String(length=18), nullable=False),
        sa.Column("iuv", sa.String(length=35), nullable=False),
        sa.Column("debtor", postgresql.JSONB(), nullable=False),
        sa.Column("debtor_fiscal_code", sa.String(length=16), nullable=False),
        sa.Column("beneficiary", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("description", sa.String(length=140), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("payable_until", sa.Date(), nullable=True),
        sa.Column("instalment_number", sa.Integer(), nullable=True),
        sa.Column("instalment_total", sa.Integer(), nullable=True),
        sa.Column("inserted_by", sa.String(length=140), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_reason", sa.String(length=140), nullable=True),
        sa.Column("needs_attention", sa.Boolean(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        sa.CheckConstraint("sequence > 0", name="sequence_is_positive"),
        sa.ForeignKeyConstraint(
            ["entity_code", "service_code"], ["catalogue_services.entity_code", "catalogue_services.code"]
        ),
        sa.ForeignKeyConstraint(["entity_code"], ["entities.code"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("creditor_fiscal_code", "iuv"),
        sa.UniqueConstraint("entity_code", "external_id"),
        sa.UniqueConstraint("place"),
    )
    op.create_index("ix_practices_debtor", "practices", ["debtor_fiscal_code", "entity_code", "place"], unique=False)
    op.create_index(
        "ix_practices_expiring",
        "practices",
        ["payable_until"],
        unique=False,
        postgresql_where=sa.text("state = 'to_pay'"),
    )
    op.create_index("ix_practices_notice_number", "practices", ["notice_number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_practices_notice_number", table_name="practices")
    op.drop_index("ix_practices_expiring", table_name="practices", postgresql_where=sa.text("state = 'to_pay'"))
    op.drop_index("ix_practices_debtor", table_name="practices")
    op.drop_table("practices")
    op.drop_table("import_rows")
    op.drop_table("imports")
    op.drop_table("catalogue_services")
    op.drop_index("ix_outbox_unrelayed", table_name="outbox", postgresql_where=sa.text("relayed_at IS NULL"))
    op.drop_index("ix_outbox_created_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("notice_sequences")
    op.drop_table("inbox")
    op.drop_table("idempotency_keys")
    op.drop_table("entities")
