"""Store what stands in the archive of notices, at which pace it is sent, and which receipts are to be recovered.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("positions", sa.Column("archive", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    _add_archive()
    _add_recoveries()


def _add_archive() -> None:
    op.create_table(
        "archived_notices",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("iupd", sa.Text(), nullable=False),
        sa.Column("remote", sa.Text(), server_default=sa.text("'absent'"), nullable=False),
        sa.Column("sent_digest", sa.Text(), nullable=True),
        sa.Column("sent_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_change_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("file_row_id", sa.BigInteger(), nullable=True),
        sa.Column("pending_version", sa.Integer(), nullable=True),
        sa.Column("pending_digest", sa.Text(), nullable=True),
        sa.Column("pending_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("practice_id"),
    )
    op.create_index("ux_archived_notices_iupd", "archived_notices", ["creditor_fiscal_code", "iupd"], unique=True)
    op.create_index(
        "ix_archived_notices_changed",
        "archived_notices",
        ["changed_at"],
        postgresql_where=sa.text("changed_at IS NOT NULL AND problem IS NULL"),
    )
    op.create_index("ix_archived_notices_due", "archived_notices", ["creditor_fiscal_code", "sent_due_at"])
    for column in ("file_row_id", "problem"):
        name = column.removesuffix("_row_id")
        op.create_index(
            f"ix_archived_notices_{name}",
            "archived_notices",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_table(
        "archive_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("broker_fiscal_code", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_archive_files_open",
        "archive_files",
        ["next_look_at"],
        postgresql_where=sa.text("state IN ('made', 'taken')"),
    )
    op.create_table(
        "archive_creditors",
        sa.Column("fiscal_code", sa.Text(), nullable=False),
        sa.Column("stopped_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_from", sa.Date(), nullable=True),
        sa.Column("window_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("page", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_code"),
    )


def _add_recoveries() -> None:
    op.create_table(
        "call_paces",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "receipt_recoveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("creditor_fiscal_code", sa.Text(), nullable=False),
        sa.Column("iur", sa.Text(), nullable=False),
        sa.Column("iuv", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_receipt_recoveries_iur", "receipt_recoveries", ["creditor_fiscal_code", "iur"], unique=True)
    op.create_index(
        "ix_receipt_recoveries_waiting",
        "receipt_recoveries",
        ["next_try_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
