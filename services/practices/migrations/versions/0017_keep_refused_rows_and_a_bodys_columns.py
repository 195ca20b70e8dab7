"""Store what refused rows held, for whom a staged debt is, and how a body's files call their columns.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entities", sa.Column("debt_file", postgresql.JSONB(), nullable=True), if_not_exists=True)
    for name in ("beneficiary", "cells"):
        op.add_column("import_staged", sa.Column(name, postgresql.JSONB(), nullable=True), if_not_exists=True)
    op.create_table(
        "import_refused",
        sa.Column("import_id", sa.Uuid(), sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("line", sa.Integer(), primary_key=True),
        sa.Column("cells", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("ix_import_refused_created_at", "created_at"),
        if_not_exists=True,
    )
