"""Keep the outbox by months, each of them a table.

Revision: 0021, after 0020
"""

from chassis.storage import outbox_months

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ACCEPTED_RISKS = {"drops-a-unique-index": "the check that proves the first partition goes once that is one; no key"}


def upgrade() -> None:
    outbox_months.partition()
