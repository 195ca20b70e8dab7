"""Find the practices of a debtor by state, newest first, without going through all of them.

Revision: 0007, after 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_practices_debtor_state", "practices", ["debtor_fiscal_code", "entity_code", "state", "place"], unique=False
    )
