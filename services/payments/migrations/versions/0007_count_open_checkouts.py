"""Find the open checkouts of a payer.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_checkouts_open_of_payer",
        "checkouts",
        ["payer_ref"],
        postgresql_where=sa.text("state IN ('opening', 'open')"),
    )
