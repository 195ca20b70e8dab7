"""Keep the outbox by months, each of them a table.

Revision: 0024, after 0023
"""

from chassis.storage import outbox_months

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outbox_months.partition()
