"""Ask before freeing the practices of a checkout.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkouts", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE checkouts SET ask_at = open_until WHERE state = 'open'")
