"""Keep the outbox by months, each of them a table.

Revision: 0023, after 0022
"""

from chassis.storage import outbox_months

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outbox_months.partition()
