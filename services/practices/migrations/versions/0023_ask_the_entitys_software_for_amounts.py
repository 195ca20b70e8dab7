"""Let a service say that the entity's own software is asked for its amounts.

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue_services", sa.Column("amount_question", postgresql.JSONB(), nullable=True))
