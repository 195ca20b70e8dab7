"""The rules of mail: what is sent, when, how often it is tried, and when an address is not used any more."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from contracts.calendar import ROME
from contracts.codes import ANONYMOUS_FISCAL_CODE

FRESH: Final = timedelta(days=2)
"""News older than this is not sent any more: after a long stop nobody gets a pile of it."""
LEASE: Final = timedelta(minutes=5)
"""How long a process has a mail for itself before it begins to hand it over; then another may take it."""
LOST_AFTER: Final = timedelta(minutes=15)
"""A hand-over that has not ended by then is one whose end nobody will tell us."""
BUSY_PAUSE: Final = timedelta(minutes=30)
"""When to look again at a practice that is being paid right now."""
OUTAGE_PAUSE: Final = timedelta(seconds=15)
"""When to try again after another service of ours could not be reached; it is not the mail's fault."""
HARD_BOUNCES_MAX: Final = 3
RETENTION: Final = timedelta(days=400)

_RETRY_DELAYS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
# What plain SMTP can carry: narrower than pagoPA's pattern in the domain, wider before the @.
_ADDRESS: Final = re.compile(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_ENHANCED: Final = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
_TEMPORARY_STATUSES: Final = {("2", "2"), ("2", "1")}
_ADDRESS_SUBJECTS: Final = frozenset({"1", "2"})


class Kind(StrEnum):
    """What a mail is about."""

    NOTICE = "notice"
    REMINDER_7 = "reminder_7"
    REMINDER_1 = "reminder_1"
    RECEIPT = "receipt"

    @property
    def message(self) -> str:
        """The kind of message the consent must be for (contracts.rpc.identity.MESSAGES)."""
        return "reminder" if self in _REMINDERS else self.value


class State(StrEnum):
    """Where a mail is. `unknown`: handed over, perhaps; it is never sent again by itself."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class EntityMailState(StrEnum):
    """How a mail to an entity ended. `unknown`: handed over, perhaps. `no_address`: the catalogue has none."""

    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    NO_ADDRESS = "no_address"


class Verdict(StrEnum):
    """What to do with a mail whose practice was just looked at."""

    SEND = "send"
    WAIT = "wait"
    DROP = "drop"


@dataclass(frozen=True)
class Window:
    """How many days before the due date a reminder is queued, and up to when it may still leave."""

    queued_days: range
    sent_days: range


_REMINDERS: Final = {
    # Two days' grace for a portal that was down; later than that, the reminder of the day before is near enough.
    Kind.REMINDER_7: Window(range(5, 8), range(2, 8)),
    Kind.REMINDER_1: Window(range(1, 2), range(2)),
}
_STILL_UNPAID: Final = frozenset({"to_pay", "unconfirmed"})


def windows(today: date) -> list[tuple[Kind, date, date]]:
    """Return each reminder with the first and the last due date it is queued for today."""
    day = timedelta(days=1)
    return [
        (kind, today + day * window.queued_days.start, today + day * (window.queued_days.stop - 1))
        for kind, window in _REMINDERS.items()
    ]


def start_of_day(today: date) -> datetime:
    """Return midnight in Rome: reminders are for what was owed before today, the rest was news today."""
    return datetime.combine(today, time(), ROME)


def is_reminding_time(now: datetime, hours: range) -> bool:
    """Return whether reminders are queued at this hour of Rome."""
    return now.astimezone(ROME).hour in hours


def verdict(kind: Kind, state: str, due_date: date | None, occasion: str, today: date) -> Verdict:
    """Judge a mail by its practice as it is now; `occasion` of a reminder is the due date it was queued for."""
    if kind is Kind.RECEIPT:
        return Verdict.SEND
    if state not in _STILL_UNPAID:
        return Verdict.DROP
    if kind in _REMINDERS:
        if due_date is None or due_date.isoformat() != occasion:
            return Verdict.DROP
        if (due_date - today).days not in _REMINDERS[kind].sent_days:
            return Verdict.DROP
    return Verdict.WAIT if state == "unconfirmed" else Verdict.SEND


def retry_delay(attempt: int) -> timedelta | None:
    """Return how long to wait after the attempt with this number failed; None when it was the last."""
    return _RETRY_DELAYS[attempt - 1] if attempt <= len(_RETRY_DELAYS) else None


def is_hard(answer: str) -> bool:
    """Return whether a refusal is about the address itself: no such mailbox, not a full or a suspicious one.

    `answer` is what the server said, or the status of a delivery report; without an enhanced code (RFC 3463) the
    refusal of a recipient counts as such.
    """
    found = _ENHANCED.search(answer)
    if found is None:
        return True
    return found[1] in _ADDRESS_SUBJECTS and (found[1], found[2]) not in _TEMPORARY_STATUSES


def debtor_sha256(fiscal_code: str) -> bytes | None:
    """Return what a debtor is recognised by here, so that no fiscal code is stored; None for ANONIMO."""
    return None if fiscal_code == ANONYMOUS_FISCAL_CODE else sha256(fiscal_code.upper().encode()).digest()


def address_sha256(email: str) -> bytes:
    """Return what a refused address is recognised by, so that no address is stored."""
    return sha256(email.strip().lower().encode()).digest()


def is_sendable(email: str) -> bool:
    """Return whether an address can be written to with plain SMTP: ASCII, no spaces, a domain with a dot."""
    return _ADDRESS.fullmatch(email) is not None
