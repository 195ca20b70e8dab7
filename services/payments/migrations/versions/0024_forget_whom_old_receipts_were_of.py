"""Forget whom old receipts, positions and checkouts were about.

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("positions", "receipts"):
        forgotten_at = sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True)
        op.add_column(table, forgotten_at, if_not_exists=True)
    online_indexes.create_index(
        "ix_receipts_to_forget", "receipts", ["entity_code", "received_at"], where="forgotten_at IS NULL"
    )
    online_indexes.create_index(
        "ix_checkouts_to_forget",
        "checkouts",
        ["entity_code", "ended_at"],
        where="payer_ref <> '' AND ended_at IS NOT NULL",
    )
