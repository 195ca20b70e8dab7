"""Store of which option of which debt position a practice is, and that its money may have to close others.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("practices", "import_staged"):
        op.add_column(table, sa.Column("debt_position", sa.String(70), nullable=True), if_not_exists=True)
        op.add_column(table, sa.Column("option", sa.String(35), nullable=True), if_not_exists=True)
    closes_options: sa.Column[bool] = sa.Column(
        "closes_options", sa.Boolean(), nullable=False, server_default=sa.text("false")
    )
    op.add_column("practices", closes_options, if_not_exists=True)
    online_indexes.create_index(
        "ix_practices_debt_position", "practices", ["entity_code", "debt_position"], where="debt_position IS NOT NULL"
    )
    online_indexes.create_index("ix_practices_closing", "practices", ["id"], where="closes_options")
