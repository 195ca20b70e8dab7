"""Tables of carts and inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("owner", sa.String(length=140), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.String(length=35), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "practice_id"),
    )
    op.create_index("ix_carts_practice_id", "carts", ["practice_id"])
    op.create_index("ix_carts_added_at", "carts", ["added_at"])
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "message_id"),
    )


def downgrade() -> None:
    op.drop_table("inbox")
    op.drop_table("carts")
