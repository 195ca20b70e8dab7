"""Add what a refused value looks like, and what was left out of a good row.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_rows", sa.Column("value_shape", sa.String(length=64), nullable=True))
    op.add_column("import_rows", sa.Column("warning", sa.String(length=64), nullable=True))
