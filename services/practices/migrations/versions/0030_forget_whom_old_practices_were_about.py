"""Forget whom practices that ended long ago were about, and reports of files as old.

Revision: 0030, after 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from chassis.storage import online_indexes

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entities", sa.Column("retention", JSONB(none_as_null=True), nullable=True), if_not_exists=True)
    for table in ("practices", "imports"):
        forgotten_at = sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True)
        op.add_column(table, forgotten_at, if_not_exists=True)
    online_indexes.create_index(
        "ix_practices_to_forget",
        "practices",
        ["entity_code", "state_since"],
        where="forgotten_at IS NULL AND state IN ('paid', 'reported', 'expired', 'cancelled')",
    )
    online_indexes.create_index(
        "ix_imports_to_forget", "imports", ["entity_code", "created_at"], where="forgotten_at IS NULL"
    )
