"""Order the practices of a debtor by due date and by amount, without going through all of them.

Revision: 0015, after 0014
"""

from chassis.storage import online_indexes

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_DEBTOR = ("debtor_fiscal_code", "entity_code", "state")


def upgrade() -> None:
    due_date = "COALESCE(due_date, '2099-12-31'::date)"
    online_indexes.create_index("ix_practices_debtor_due", "practices", [*_DEBTOR, due_date, "place"])
    online_indexes.create_index("ix_practices_debtor_amount", "practices", [*_DEBTOR, "amount_cents", "place"])
