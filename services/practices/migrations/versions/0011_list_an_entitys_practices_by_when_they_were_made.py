"""List the practices of an entity by when they were made, without going through all of them.

Revision: 0011, after 0010
"""

from chassis.storage import online_indexes

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index("ix_practices_entity", "practices", ["entity_code", "created_at", "place"])
