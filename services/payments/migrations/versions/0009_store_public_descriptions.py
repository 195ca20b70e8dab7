"""Store what strangers are told a position is for.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("positions", sa.Column("public_description", sa.Text(), nullable=True))
