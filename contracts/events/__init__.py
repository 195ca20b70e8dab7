"""Events: the CloudEvents envelope, and the `data` schema of each type and version.

A type string is `<name>.v<version>`; within a version fields are only added. Producers dump strictly,
consumers load leniently (`unknown=EXCLUDE`). `EVENTS` is the closed list; each has a golden sample in
contracts/samples/<type>.json.
"""

from collections.abc import Mapping
from typing import Final

from contracts.events.envelope import AnyEventType
from contracts.events.identity import CITIZEN_REGISTERED, CONSENT_GRANTED, CONSENT_REVOKED
from contracts.events.notices import NOTICE_ISSUED
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    MONEY_CASE_CHANGED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
    WEBHOOK_DISABLED,
)
from contracts.events.practices import PRACTICE_AMENDED, PRACTICE_CANCELLED, PRACTICE_CREATED, PRACTICE_EXPIRED

EVENTS: Final[Mapping[str, AnyEventType]] = {
    event.type: event
    for event in (
        CITIZEN_REGISTERED,
        CONSENT_GRANTED,
        CONSENT_REVOKED,
        PRACTICE_CREATED,
        PRACTICE_AMENDED,
        PRACTICE_CANCELLED,
        PRACTICE_EXPIRED,
        CHECKOUT_STARTED,
        CHECKOUT_ABANDONED,
        PAYMENT_CONFIRMED,
        PAYMENT_DUPLICATED,
        PAYMENT_REPORTED,
        MONEY_CASE_CHANGED,
        WEBHOOK_DISABLED,
        NOTICE_ISSUED,
    )
}
