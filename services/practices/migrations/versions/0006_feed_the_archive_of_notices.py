"""Say which services feed the archive of notices, and know which practices were told of by which revision.

Revision: 0006, after 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("catalogue_services", sa.Column("archive", postgresql.JSONB(none_as_null=True), nullable=True))
    _add("catalogue_services", sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False))
    _add("catalogue_services", sa.Column("told_digest", sa.String(length=64), nullable=True))
    # 0: practices that are here already are told of anew, so that the archive hears of them.
    _add("practices", sa.Column("service_revision", sa.Integer(), server_default=sa.text("0"), nullable=False))


def _add(table: str, column: sa.Column[Any]) -> None:
    op.add_column(table, column, if_not_exists=True)
