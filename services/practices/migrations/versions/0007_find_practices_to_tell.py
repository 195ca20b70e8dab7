"""Find the practices that payments has been told of by an older revision of their service.

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
        "ix_practices_to_tell",
        "practices",
        ["entity_code", "service_code", "service_revision"],
        postgresql_where=sa.text("state IN ('to_pay', 'unconfirmed')"),
    )
