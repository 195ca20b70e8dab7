"""Say how consents were given: by which channel, the text read in which language.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # All there were until now came from the pages, whose language was not written down.
    op.add_column("consent_events", sa.Column("channel", sa.Text(), nullable=False, server_default="web"))
    op.alter_column("consent_events", "channel", server_default=None)
    op.add_column("consent_events", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("consent_events", "language")
    op.drop_column("consent_events", "channel")
