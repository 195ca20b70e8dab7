"""Say why sessions ended, and which session a login that was begun will end.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("end_reason", sa.Text(), nullable=True))
    op.add_column("authn_requests", sa.Column("replaced_session_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("authn_requests", "replaced_session_id")
    op.drop_column("sessions", "end_reason")
