"""Flag receipts, count the money received, and let two notices share a receipt id.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("stand_in", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("receipts", sa.Column("flags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("receipts", sa.Column("node_receipt_id", sa.Text(), nullable=True))
    op.add_column("positions", sa.Column("received_cents", sa.BigInteger(), nullable=True))
    op.drop_index("ux_receipts_receipt", "receipts")
    op.create_index(
        "ux_receipts_receipt",
        "receipts",
        ["creditor_fiscal_code", "receipt_id", "owner_fiscal_code", "notice_number"],
        unique=True,
    )
    op.create_index(
        "ix_receipts_node_id",
        "receipts",
        ["creditor_fiscal_code", "node_receipt_id"],
        postgresql_where=sa.text("node_receipt_id IS NOT NULL"),
    )
    op.create_index(
        "ix_receipts_unreported",
        "receipts",
        ["paid_at"],
        postgresql_where=sa.text("reported_at IS NULL AND judgement NOT IN ('no_money', 'foreign')"),
    )
