"""Keep the outbox by months, each of them a table.

Revision: 0018, after 0017
"""

from chassis.storage import outbox_months

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outbox_months.partition()
