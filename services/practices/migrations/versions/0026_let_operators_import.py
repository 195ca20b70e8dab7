"""Let operators import debt files: of which services, and the files of an entity listed, newest first.

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from chassis.storage import online_indexes

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("allowed_services", postgresql.JSONB(), nullable=True), if_not_exists=True)
    online_indexes.create_index("ix_imports_newest", "imports", ["entity_code", "created_at", "id"])


def downgrade() -> None:
    online_indexes.drop_index("ix_imports_newest", "imports")
    op.drop_column("imports", "allowed_services")
