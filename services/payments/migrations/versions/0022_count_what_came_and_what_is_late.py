"""Find an entity's receipts by when they were paid, and its unpaid positions by their due date.

Revision: 0022, after 0021
"""

from chassis.storage import online_indexes

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index("ix_receipts_paid", "receipts", ["entity_code", "paid_at", "id"])
    online_indexes.create_index(
        "ix_positions_unpaid",
        "positions",
        ["entity_code", "due_date", "practice_id"],
        where="paid_receipt_id IS NULL AND standing = 'open'",
    )
    online_indexes.create_index(
        "ix_positions_paid",
        "positions",
        ["entity_code", "coalesce(first_paid_at, paid_at)", "practice_id"],
    )
