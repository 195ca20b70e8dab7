"""Create the operators of offices: invitations, sessions, and the audit of who changed whom.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from chassis.audit.tables import APPEND_ONLY

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    office: sa.Column[bool] = sa.Column("office", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    op.add_column("authn_requests", office)
    _create_people()
    _create_sessions()
    _create_audit()


def _create_people() -> None:
    op.create_table(
        "operators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("fiscal_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("grants", JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_operators_present",
        "operators",
        ["entity_code", "fiscal_code"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index("ix_operators_fiscal_code", "operators", ["fiscal_code"])
    op.create_table(
        "operator_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("fiscal_code", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("grants", JSONB(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index("ix_operator_invitations_entity_code", "operator_invitations", ["entity_code"])
    op.create_index("ix_operator_invitations_created_at", "operator_invitations", ["created_at"])
    op.create_index("ix_operator_invitations_person", "operator_invitations", ["fiscal_code", "entity_code"])


def _create_sessions() -> None:
    op.create_table(
        "operator_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("fiscal_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index("ix_operator_sessions_fiscal_code", "operator_sessions", ["fiscal_code"])
    op.create_index("ix_operator_sessions_created_at", "operator_sessions", ["created_at"])
    op.create_index("ix_operator_sessions_subject", "operator_sessions", ["provider", "subject"])


def _create_audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("previous_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entity_code", "number"),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["entity_code", "subject", "number"])
    op.create_index("ix_audit_entries_actor", "audit_entries", ["entity_code", "actor_id", "number"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["entity_code", "at"])
    op.create_table(
        "audit_heads",
        sa.Column("entity_code", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entity_code"),
    )
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    for table in ("audit_heads", "audit_entries", "operator_sessions", "operator_invitations", "operators"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_audit_change")
    op.drop_column("authn_requests", "office")
