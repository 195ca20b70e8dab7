"""Find the practices of a debtor by state, newest first, without going through all of them.

Revision: 0009, after 0008
"""

from chassis.storage import online_indexes

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index(
        "ix_practices_debtor_state", "practices", ["debtor_fiscal_code", "entity_code", "state", "place"]
    )
