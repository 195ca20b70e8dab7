"""Name the rows of a flow that cannot be read.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("settlement_flows", sa.Column("unread", postgresql.JSONB(), nullable=True))
