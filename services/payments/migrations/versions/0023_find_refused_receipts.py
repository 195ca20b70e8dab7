"""Find the receipts that had to be refused, for whoever follows a payment or takes one in.

Revision: 0023, after 0022
"""

from chassis.storage import online_indexes

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online_indexes.create_index(
        "ix_node_calls_refused", "node_calls", ["creditor_fiscal_code", "id"], where="raw_xml IS NOT NULL"
    )


def downgrade() -> None:
    online_indexes.drop_index("ix_node_calls_refused", "node_calls")
