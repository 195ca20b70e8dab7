"""Add Poste Italiane's authorisation to print slips to the entities.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entities", sa.Column("postal_authorisation", sa.Text(), nullable=True))
