"""Order receipts as they were judged.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Of receipts from before, the one that paid the practice was judged first; of the rest only the time is known.
_JUDGED = """
UPDATE receipts SET event_sequence = ranked.place
FROM (
    SELECT receipts.id, row_number() OVER (
        PARTITION BY receipts.practice_id
        ORDER BY receipts.receipt_id = positions.paid_receipt_id DESC, receipts.judged_at, receipts.id
    ) AS place
    FROM receipts JOIN positions USING (practice_id)
) AS ranked
WHERE receipts.id = ranked.id
"""
_REPORTED = """
UPDATE receipts SET reported_sequence = positions.event_sequence
FROM positions
WHERE positions.practice_id = receipts.practice_id AND receipts.reported_at IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("receipts", sa.Column("event_sequence", sa.Integer(), nullable=True))
    op.add_column("receipts", sa.Column("reported_sequence", sa.Integer(), nullable=True))
    op.execute(_JUDGED)
    op.execute(_REPORTED)
