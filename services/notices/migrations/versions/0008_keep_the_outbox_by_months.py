"""Keep the outbox by months, each of them a table.

Revision: 0008, after 0007
"""

from chassis.storage import outbox_months

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACCEPTED_RISKS = {"drops-a-unique-index": "the check that proves the first partition goes once that is one; no key"}


def upgrade() -> None:
    outbox_months.partition()
