"""Say for which aggregated body and for which organization a login is.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("authn_requests", "sp_entity_id"),
    ("authn_requests", "purpose"),
    ("sessions", "body_code"),
    ("sessions", "organization_fiscal_code"),
    ("sessions", "organization_name"),
    ("calendar_feeds", "body_code"),
)


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))


def downgrade() -> None:
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column)
