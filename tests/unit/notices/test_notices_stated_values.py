"""The constants of notices' rules, stated: whoever changes one changes it here too, and says so."""

from datetime import timedelta

from tests.unit.stated_values import plain_constants

STATED = {
    "document_key.TEMPLATE_VERSION": 11,
    "document_key._CODE_ALPHABET": "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    # Ten digits in the code of the postal slip.
    "payment_codes.POSTAL_AMOUNT_MAX_CENTS": 9_999_999_999,
    "domain.FRESH": timedelta(days=2),
    "domain.LEASE": timedelta(minutes=5),
    "domain.LOST_AFTER": timedelta(minutes=15),
    "domain.BUSY_PAUSE": timedelta(minutes=30),
    "domain.OUTAGE_PAUSE": timedelta(seconds=15),
    "domain.HARD_BOUNCES_MAX": 3,
    "domain.RETENTION": timedelta(days=400),
    "domain._RETRY_DELAYS": (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
        timedelta(hours=12),
    ),
    # Mailbox full, mailbox disabled: RFC 3463.
    "domain._TEMPORARY_STATUSES": {("2", "1"), ("2", "2")},
    "domain._ADDRESS_SUBJECTS": frozenset({"1", "2"}),
    "domain._STILL_UNPAID": frozenset({"to_pay", "unconfirmed"}),
}


def test_the_constants_of_notices_are_what_is_stated() -> None:
    assert plain_constants("notices") == STATED
