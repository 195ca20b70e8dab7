"""Store how the amount of a debt changes with the days.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practices", sa.Column("schedule", postgresql.JSONB(), nullable=True))
    op.add_column("import_staged", sa.Column("schedule", postgresql.JSONB(), nullable=True))
