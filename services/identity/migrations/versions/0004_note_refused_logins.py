"""Note why logins were refused, for the help desk.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_logins",
        sa.Column("reference", sa.Text(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("anomaly", sa.Integer(), nullable=True),
        sa.Column("idp_entity_id", sa.Text(), nullable=True),
        sa.Column("entity_code", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_refused_logins_at", "refused_logins", ["at"])


def downgrade() -> None:
    op.drop_table("refused_logins")
