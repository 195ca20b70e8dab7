"""Add what goes to other bodies, digital stamps, and services that can be asked for at a PSP.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NONE = sa.text("'[]'")


def upgrade() -> None:
    json, nullable_json = postgresql.JSONB(), postgresql.JSONB(none_as_null=True)
    op.add_column("catalogue_services", sa.Column("demand", nullable_json, nullable=True))
    op.add_column("catalogue_services", sa.Column("shares", json, server_default=_NONE, nullable=False))
    op.add_column("catalogue_services", sa.Column("stamp_cents", sa.BigInteger(), nullable=True))
    op.add_column("practices", sa.Column("shares", json, server_default=_NONE, nullable=False))
    op.add_column("practices", sa.Column("stamp", nullable_json, nullable=True))
    op.add_column("practices", sa.Column("demand_digest", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_practices_demanded", "practices", ["demand_digest"], postgresql_where=sa.text("demand_digest IS NOT NULL")
    )
