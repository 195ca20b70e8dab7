"""Find the practices of an entity by the debtor's name and by their receipts, for its office.

Revision: 0016, after 0015
"""

import sqlalchemy as sa

from chassis.storage import online_indexes

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index(
        "ix_practices_debtor_name",
        "practices",
        ["entity_code", sa.text("""(lower(debtor ->> 'full_name') COLLATE "C")"""), "place"],
    )
    online_indexes.create_index(
        "ix_practices_receipts",
        "practices",
        [sa.text("(facts -> 'receipts')")],
        where="facts ? 'receipts'",
        using="gin",
    )


def downgrade() -> None:
    online_indexes.drop_index("ix_practices_receipts", "practices")
    online_indexes.drop_index("ix_practices_debtor_name", "practices")
