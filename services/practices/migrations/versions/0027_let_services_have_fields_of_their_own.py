"""Let services have fields of their own, and say whether they ask for whom it is paid.

Revision: 0027, after 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "catalogue_services", sa.Column("takes_beneficiary", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "catalogue_services", sa.Column("extra_fields", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("practices", sa.Column("extras", JSONB(none_as_null=True), nullable=True))
    op.add_column("import_staged", sa.Column("extras", JSONB(none_as_null=True), nullable=True))
