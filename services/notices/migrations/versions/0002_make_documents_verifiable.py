"""Give documents a code to verify them by, and let their PDF be forgotten.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("practice_ids", sa.ARRAY(sa.Uuid()), server_default="{}", nullable=False))
    op.create_index("ix_documents_code", "documents", ["code"])
    op.alter_column("documents", "pdf", nullable=True)
