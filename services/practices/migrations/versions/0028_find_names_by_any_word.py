"""Find a debtor's name by any of its words, and store what an office looks for, so that its address can be sent.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "office_searches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.String(length=35), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index("ix_office_searches_created_at", "office_searches", ["created_at"], if_not_exists=True)
    online_indexes.create_index(
        "ix_practices_debtor_words",
        "practices",
        ["(to_tsvector('simple'::regconfig, debtor ->> 'full_name'))"],
        using="gin",
    )


def downgrade() -> None:
    online_indexes.drop_index("ix_practices_debtor_words", "practices")
    op.drop_table("office_searches")
