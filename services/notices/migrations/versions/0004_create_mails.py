"""Create mail to citizens: what it is about, who agreed to it, the mails and those that came back.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "message_id"),
    )
    _create_projections()
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", _TIME, nullable=False),
        sa.Column("not_before", _TIME, nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", _TIME, nullable=True),
        sa.Column("address_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("sending_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("practice_id", "citizen_id", "kind", "occasion", name="uq_mails_once"),
    )
    op.create_index("ix_mails_citizen_id", "mails", ["citizen_id"])
    op.create_index("ix_mails_queued", "mails", ["not_before"], postgresql_where=sa.text("state = 'queued'"))
    op.create_index("ix_mails_sending", "mails", ["sending_at"], postgresql_where=sa.text("state = 'sending'"))
    op.create_table(
        "mail_bounces",
        sa.Column("mail_id", sa.Uuid(), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mail_id"),
    )


def _create_projections() -> None:
    op.create_table(
        "mail_debts",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("debtor_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("created_at", _TIME, nullable=True),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("practice_id"),
    )
    for column in ("debtor_sha256", "due_date", "created_at"):
        op.create_index(f"ix_mail_debts_{column}", "mail_debts", [column])
    op.create_table(
        "mail_receipts",
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("receipt_id"),
    )
    for column in ("practice_id", "confirmed_at"):
        op.create_index(f"ix_mail_receipts_{column}", "mail_receipts", [column])
    op.create_table(
        "mail_subscriptions",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("since", _TIME, nullable=True),
        sa.Column("messages", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("debtor_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("refused_address_sha256", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("citizen_id"),
    )
    op.create_index("ix_mail_subscriptions_debtor_sha256", "mail_subscriptions", ["debtor_sha256"])


def downgrade() -> None:
    for table in ("mail_bounces", "mails", "mail_subscriptions", "mail_receipts", "mail_debts", "inbox"):
        op.drop_table(table)
