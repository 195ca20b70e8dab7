"""Store how far the positions are proven against practices, and find them by when their practices were created.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parity_rounds",
        sa.Column("projection", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("projection"),
        if_not_exists=True,
    )
    online_indexes.create_index("ix_positions_entity", "positions", ["entity_code", "created_at"])
