"""Import files as jobs: their state, the parts they come in, and the rows that are checked and not loaded yet.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACCEPTED_RISKS = {"require-concurrent-index-creation": "imports has one row for each file: no lock that is felt"}


def upgrade() -> None:
    op.add_column("imports", sa.Column("state", sa.String(length=16), server_default="done", nullable=False))
    op.add_column("imports", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("imports", sa.Column("checked_line", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("imports", sa.Column("checked_rows", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("imports", sa.Column("code", sa.String(length=64), nullable=True))
    op.add_column("imports", sa.Column("has_leftovers", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(
        "ix_imports_unfinished",
        "imports",
        ["entity_code", "queued_at"],
        postgresql_where=sa.text("state IN ('waiting', 'checking', 'loading')"),
    )
    op.create_index("ix_imports_leftovers", "imports", ["created_at"], postgresql_where=sa.text("has_leftovers"))
    op.create_table(
        "import_parts",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "number"),
    )
    op.create_table(
        "import_staged",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=70), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("column_name", sa.String(length=64), nullable=True),
        sa.Column("value_shape", sa.String(length=64), nullable=True),
        sa.Column("warning", sa.String(length=64), nullable=True),
        sa.Column("service_code", sa.String(length=35), nullable=True),
        sa.Column("fiscal_code", sa.String(length=16), nullable=True),
        sa.Column("full_name", sa.String(length=70), nullable=True),
        sa.Column("email", sa.String(length=256), nullable=True),
        sa.Column("description", sa.String(length=140), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("instalment_number", sa.Integer(), nullable=True),
        sa.Column("instalment_total", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("import_id", "line"),
    )
