"""Let a debt file be previewed before it is loaded, and what is missing from it be annulled.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_COUNTS = ("created", "amended", "missing", "previewed_line")


def upgrade() -> None:
    preview: sa.Column[bool] = sa.Column("preview", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    op.add_column("imports", preview, if_not_exists=True)
    for name in _COUNTS:
        count: sa.Column[int] = sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
        op.add_column("imports", count, if_not_exists=True)
    op.add_column("imports", sa.Column("services", postgresql.JSONB(), nullable=True), if_not_exists=True)
    op.add_column("imports", sa.Column("annul_reason", sa.String(140), nullable=True), if_not_exists=True)
