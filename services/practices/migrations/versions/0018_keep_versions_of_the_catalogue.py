"""Store what an entity's catalogue has said and who had it say so; contacts, colours, choices of amounts, schedules.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("contacts", "colours"):
        op.add_column("entities", sa.Column(name, postgresql.JSONB(), nullable=True), if_not_exists=True)
    choices: sa.Column[object] = sa.Column(
        "choices", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")
    )
    op.add_column("catalogue_services", choices, if_not_exists=True)
    op.add_column("catalogue_services", sa.Column("schedule", postgresql.JSONB(), nullable=True), if_not_exists=True)
    op.create_table(
        "catalogue_versions",
        sa.Column("entity_code", sa.String(35), sa.ForeignKey("entities.code"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("loaded_by", sa.String(140), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
