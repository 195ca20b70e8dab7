"""Keep the outbox by months, each of them a table.

Revision: 0020, after 0019
"""

from chassis.storage import outbox_months

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outbox_months.partition()
