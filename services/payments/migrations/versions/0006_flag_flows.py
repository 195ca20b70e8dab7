"""Store flows that do not add up, and match rows by notice.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    adds_up: sa.Column[bool] = sa.Column("adds_up", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    op.add_column("settlement_flows", adds_up, if_not_exists=True)
    found_at = sa.Column("found_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("settlement_rows", found_at, if_not_exists=True)
    online_indexes.create_index("ix_receipts_iuv", "receipts", ["creditor_fiscal_code", "iuv"])
