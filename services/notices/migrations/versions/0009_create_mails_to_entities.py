"""Create the mails to entities about their webhooks.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entity_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    due = sa.text("not_before IS NOT NULL")
    op.create_index("ix_entity_mails_due", "entity_mails", ["not_before"], postgresql_where=due)
    op.create_index("ix_entity_mails_queued_at", "entity_mails", ["queued_at"])
