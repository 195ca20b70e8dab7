"""The constants of the payment rules, stated: whoever changes one changes it here too, and says so."""

from datetime import time, timedelta

from tests.unit.stated_values import plain_constants

STATED = {
    "archive._LAST_SECOND": time(23, 59, 59),
    "archive._COMPANY_MAX_CHARS": 140,
    "archive._STAMP_TYPE": "01",
    "duplicate_check.LOOK_BACK": timedelta(days=300),
    "positions.UNNAMED": "Avviso di pagamento",
    "webhooks.PAUSES_S": (5, 60, 300, 1800, 7200, 21600, 43200, 86400),
    "webhooks.TRIED_FOR": timedelta(days=3),
    "webhooks.OLD_SECRET_LIVES": timedelta(days=1),
    "webhooks.HISTORY_KEPT": timedelta(days=90),
    "working_days._SATURDAY": 5,
    "working_days._HOLIDAYS": frozenset(
        {(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (10, 4), (11, 1), (12, 8), (12, 25), (12, 26)}
    ),
}


def test_the_constants_of_payments_are_what_is_stated() -> None:
    assert plain_constants("payments") == STATED
