"""Store what an entity's books know a practice by.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("positions", sa.Column("bookkeeping", postgresql.JSONB(), nullable=True))
