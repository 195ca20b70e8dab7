"""Find the events about one subject in the outbox.

Revision: 0009, after 0008
"""

from chassis.storage import online_indexes

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index("ix_outbox_subject", "outbox", ["subject"])
