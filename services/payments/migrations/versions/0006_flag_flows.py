"""Store flows that do not add up, and match rows by notice.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "settlement_flows", sa.Column("adds_up", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.add_column("settlement_rows", sa.Column("found_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_receipts_iuv", "receipts", ["creditor_fiscal_code", "iuv"])
