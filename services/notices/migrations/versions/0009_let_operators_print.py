"""Let operators print many notices: of which services, and the jobs of an entity listed, newest first.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

from chassis.storage import online_indexes

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("print_jobs", sa.Column("service_codes", sa.ARRAY(sa.Text()), nullable=True), if_not_exists=True)
    online_indexes.create_index("ix_print_jobs_newest", "print_jobs", ["entity_code", "created_at", "id"])


def downgrade() -> None:
    online_indexes.drop_index("ix_print_jobs_newest", "print_jobs")
    op.drop_column("print_jobs", "service_codes")
