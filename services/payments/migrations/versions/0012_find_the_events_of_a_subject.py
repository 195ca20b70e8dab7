"""Find the events about one subject in the outbox.

Revision: 0012, after 0011
"""

from chassis.storage import online_indexes

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index("ix_outbox_subject", "outbox", ["subject"])
