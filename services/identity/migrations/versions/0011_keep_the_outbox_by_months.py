"""Keep the outbox by months, each of them a table.

Revision: 0011, after 0010
"""

from chassis.storage import outbox_months

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outbox_months.partition()
