"""Store how amounts change with the days, when what was owed was first paid, and until when an archived amount holds.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.storage import online_indexes

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("positions", sa.Column("schedule", postgresql.JSONB(), nullable=True), if_not_exists=True)
    first_paid_at = sa.Column("first_paid_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("positions", first_paid_at, if_not_exists=True)
    op.add_column("archived_notices", sa.Column("amount_until", sa.Date(), nullable=True), if_not_exists=True)
    online_indexes.create_index(
        "ix_archived_notices_amount",
        "archived_notices",
        ["amount_until"],
        where="amount_until IS NOT NULL",
    )
