"""Give each sequence of notice numbers a secret order; numbers issued so far stay as they are.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FEW_ROWS = "notice_sequences has one row for each body and segregation code"
ACCEPTED_RISKS = {"adding-field-with-default": _FEW_ROWS, "rewrites-rows": _FEW_ROWS}

_RANDOM_KEY = sa.text("decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')")


def upgrade() -> None:
    op.add_column(
        "notice_sequences",
        sa.Column("permutation_key", sa.LargeBinary(), server_default=_RANDOM_KEY, nullable=False),
    )
    op.add_column(
        "notice_sequences",
        sa.Column("permuted_from", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.execute("UPDATE notice_sequences SET permuted_from = next_base")
