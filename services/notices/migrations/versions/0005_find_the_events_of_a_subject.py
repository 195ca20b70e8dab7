"""Find the events about one subject in the outbox.

Revision: 0005, after 0004
"""

from chassis.storage import online_indexes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index("ix_outbox_subject", "outbox", ["subject"])
