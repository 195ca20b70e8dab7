"""Flag receipts, count the money received, and let two notices share a receipt id.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ACCEPTED_RISKS = {
    "drops-a-unique-index": "An old process that is sent a receipt before it is replaced answers with an error, and "
    "the node sends the receipt again: nothing is lost. Two notices with one receipt id cannot be stored otherwise."
}


def upgrade() -> None:
    _add("receipts", sa.Column("stand_in", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _add("receipts", sa.Column("flags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    _add("receipts", sa.Column("node_receipt_id", sa.Text(), nullable=True))
    _add("positions", sa.Column("received_cents", sa.BigInteger(), nullable=True))
    online_indexes.create_index(
        "ux_receipts_receipt_of_notice",
        "receipts",
        ["creditor_fiscal_code", "receipt_id", "owner_fiscal_code", "notice_number"],
        unique=True,
    )
    online_indexes.drop_index("ux_receipts_receipt", "receipts")
    online_indexes.create_index(
        "ix_receipts_node_id",
        "receipts",
        ["creditor_fiscal_code", "node_receipt_id"],
        where="node_receipt_id IS NOT NULL",
    )
    online_indexes.create_index(
        "ix_receipts_unreported",
        "receipts",
        ["paid_at"],
        where="reported_at IS NULL AND judgement NOT IN ('no_money', 'foreign')",
    )


def _add(table: str, column: sa.Column[object]) -> None:
    op.add_column(table, column, if_not_exists=True)
