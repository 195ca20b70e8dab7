"""Find the open checkouts of a payer.

Revision: 0007, after 0006
"""

from chassis.storage import online_indexes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index(
        "ix_checkouts_open_of_payer", "checkouts", ["payer_ref"], where="state IN ('opening', 'open')"
    )
