"""The constants of identity's rules, stated: whoever changes one changes it here too, and says so."""

from datetime import timedelta

from tests.unit.stated_values import plain_constants

STATED = {
    "api_key_rules.PREVIOUS_LIVES": timedelta(days=1),
    "api_key_rules.USE_RESOLUTION": timedelta(hours=1),
    "api_key_rules._TEXT_BYTES": 32,
    "domain.REGISTRATION": "registration",
    "domain.EMAIL_REMINDERS": "email_reminders",
    "domain.OPTIONAL_PURPOSES": frozenset({"email_reminders"}),
    "domain.DEFAULT_LANGUAGE": "it",
    "domain.REQUEST_LIFETIME": timedelta(minutes=15),
    "domain.SESSION_IDLE": timedelta(minutes=20),
    "domain.SESSION_ABSOLUTE": timedelta(hours=8),
    "domain.SESSION_USE_RESOLUTION": timedelta(seconds=15),
    "domain.FRESH_LOGIN": timedelta(minutes=10),
    "domain.BENEFICIARIES_MAX": 10,
    "domain.REFUSAL_RETENTION": timedelta(days=30),
    # 24 months, one of them with a leap day.
    "domain.TRACE_RETENTION": timedelta(days=731),
    # AgID's error codes.
    "domain._LEVEL_TOO_LOW": 20,
    "domain._TIMED_OUT": 21,
    "operator_rules.LEVEL_MIN": 2,
    "operator_rules.SESSION_IDLE": timedelta(minutes=15),
    "operator_rules.SESSION_ABSOLUTE": timedelta(hours=10),
    "operator_rules.SESSION_USE_RESOLUTION": timedelta(seconds=15),
    "operator_rules.SESSIONS_MAX": 3,
    "operator_rules.INVITATION_LIFETIME": timedelta(days=7),
    "operator_rules.INVITATION_RETENTION": timedelta(days=30),
}


def test_the_constants_of_identity_are_what_is_stated() -> None:
    assert plain_constants("identity") == STATED
