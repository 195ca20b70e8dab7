"""Find the practices that payments has been told of by an older revision of their service.

Revision: 0007, after 0006
"""

from chassis.storage import online_indexes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index(
        "ix_practices_to_tell",
        "practices",
        ["entity_code", "service_code", "service_revision"],
        where="state IN ('to_pay', 'unconfirmed')",
    )
