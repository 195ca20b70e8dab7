"""Store the logos that offices publish.

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entity_logos",
        sa.Column("entity_code", sa.String(length=35), nullable=False),
        sa.Column("name", sa.String(length=70), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entity_code"], ["entities.code"]),
        sa.PrimaryKeyConstraint("entity_code", "name"),
    )
