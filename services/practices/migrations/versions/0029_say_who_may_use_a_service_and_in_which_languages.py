"""Say who may use a service, what its notices say besides, and under which code their numbers are issued.

Revision: 0029, after 0028
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue_services", sa.Column("payers", JSONB(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("catalogue_services", sa.Column("notice_text", JSONB(none_as_null=True), nullable=True))
    op.add_column("catalogue_services", sa.Column("segregation_code", sa.String(length=2), nullable=True))
    op.add_column(
        "entities",
        sa.Column("languages", JSONB(), nullable=False, server_default=sa.text("""'["it", "en"]'""")),
    )
