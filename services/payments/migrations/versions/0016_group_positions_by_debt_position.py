"""Store of which option of which debt position a position is.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.storage import online_indexes

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("positions", sa.Column("debt_position", sa.Text(), nullable=True), if_not_exists=True)
    op.add_column("positions", sa.Column("part", postgresql.JSONB(), nullable=True), if_not_exists=True)
    online_indexes.create_index(
        "ix_positions_debt_position", "positions", ["entity_code", "debt_position"], where="debt_position IS NOT NULL"
    )
