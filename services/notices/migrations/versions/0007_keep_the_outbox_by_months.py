"""Keep the outbox by months, each of them a table.

Revision: 0007, after 0006
"""

from chassis.storage import outbox_months

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outbox_months.partition()
