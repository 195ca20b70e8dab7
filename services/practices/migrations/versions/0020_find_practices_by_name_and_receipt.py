"""Find the practices of an entity by the debtor's name and by their receipts, for its office.

Revision: 0020, after 0019
"""

from chassis.storage import online_indexes

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index(
        "ix_practices_debtor_name",
        "practices",
        ["entity_code", """(lower(debtor ->> 'full_name') COLLATE "C")""", "place"],
    )
    online_indexes.create_index(
        "ix_practices_receipts",
        "practices",
        ["(facts -> 'receipts')"],
        where="facts ? 'receipts'",
        using="gin",
    )


def downgrade() -> None:
    online_indexes.drop_index("ix_practices_receipts", "practices")
    online_indexes.drop_index("ix_practices_debtor_name", "practices")
