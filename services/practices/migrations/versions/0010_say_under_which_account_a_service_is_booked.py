"""Say under which account of the entity a service is booked.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue_services", sa.Column("accounting_code", sa.String(length=35), nullable=True))
