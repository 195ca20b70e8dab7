"""Let operators print many notices: of which services, and the jobs of an entity listed, newest first.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("print_jobs", sa.Column("service_codes", sa.ARRAY(sa.Text()), nullable=True), if_not_exists=True)
    online_indexes.create_index("ix_print_jobs_newest", "print_jobs", ["entity_code", "created_at", "id"])


def downgrade() -> None:
    online_indexes.drop_index("ix_print_jobs_newest", "print_jobs")
    op.drop_column("print_jobs", "service_codes")
