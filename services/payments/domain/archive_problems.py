"""What GPD-for-ACA refuses, and what follows (pagopa-obligations.md section 1.6).

The rows are tried in their order; a row without title takes any. What an operator must do stands beside each, and is
what docs/runbooks/archive-refused.md lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.payments.domain.archive import Call


class Action(StrEnum):
    """What the sender does next."""

    # The same call later, waiting longer each time.
    RETRY = "retry"
    # Nothing is sent for the key, or for the creditor, for a while.
    STOP_ALL = "stop_all"
    STOP_CREDITOR = "stop_creditor"
    SLOW_DOWN = "slow_down"
    # pagoPA does not have it: to be created, or nothing to close.
    IS_ABSENT = "is_absent"
    # Ask what pagoPA has, and decide anew.
    LOOK = "look"
    # It is as we wanted already.
    DONE = "done"
    # Wrong for ever as it is: it waits until it changes, or an operator says so.
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Problem:
    """One answer of the table. `calls` empty: any."""

    code: str
    statuses: Sequence[int]
    action: Action
    operator: str
    titles: Sequence[str] = ()
    calls: Sequence[Call] = ()

    def is_it(self, call: Call, status: int, title: str) -> bool:
        """Return whether an answer is this one. Titles are compared without case: the specification writes them so."""
        known = title.casefold()
        return (
            status in self.statuses
            and (not self.calls or call in self.calls)
            and (not self.titles or any(one.casefold() in known for one in self.titles))
        )


PROBLEMS: Final = (
    Problem(
        "data_refused",
        (400,),
        Action.GIVE_UP,
        "Correct the debt (dates, amounts and their sum, IBAN, e-mail) and send it again.",
    ),
    Problem(
        "key_refused",
        (401,),
        Action.STOP_ALL,
        "Put the right ACA_SUBSCRIPTION_KEY; sending goes on by itself.",
    ),
    Problem(
        "creditor_forbidden",
        (403,),
        Action.STOP_CREDITOR,
        "Have the entity and its segregation code linked to the key in the back-office.",
    ),
    Problem("absent", (404,), Action.IS_ABSENT, "Nothing: it is created, or there is nothing to close."),
    Problem(
        "already_paid",
        (409,),
        Action.DONE,
        "Nothing: it was paid; the receipt comes, or is recovered.",
        titles=("existing related payment found",),
        calls=(Call.CLOSE,),
    ),
    Problem(
        "metadata_refused",
        (409,),
        Action.GIVE_UP,
        "Report it: we send no metadata.",
        titles=("metadata violated constraints", "contains reserved metadata"),
    ),
    Problem(
        "already_there",
        (409,),
        Action.LOOK,
        "Nothing, unless it is refused as number_taken afterwards.",
        titles=("debt position violated constraints of uniqueness",),
        calls=(Call.CREATE,),
    ),
    Problem(
        "dates_refused",
        (409,),
        Action.GIVE_UP,
        "Put a due date that lies ahead.",
        titles=("after the validity date", "due date of a payment option", "before the validity date"),
    ),
    Problem(
        "not_changeable",
        (409,),
        Action.LOOK,
        "Nothing while the receipt is on its way; a number that is invalid there needs a new notice.",
    ),
    Problem(
        "not_payable",
        (422,),
        Action.GIVE_UP,
        "Look at the position in the back-office: it is not in a state, or of a kind, that can be changed here.",
    ),
    Problem("too_fast", (429,), Action.SLOW_DOWN, "Nothing; if it lasts, lower ACA_CALLS_MAX."),
)
OUTAGE: Final = Problem("outage", (), Action.RETRY, "Nothing; if it lasts, ask pagoPA's support.")
# Not pagoPA's: what we find out ourselves.
NUMBER_TAKEN: Final = Problem(
    "number_taken",
    (),
    Action.GIVE_UP,
    "Somebody else has loaded this notice number: find out who, or make a new notice.",
)
NUMBER_BURNT: Final = Problem(
    "number_burnt", (), Action.GIVE_UP, "The number was invalidated in the archive for ever: make a new notice."
)
ALL: Final = (*PROBLEMS, OUTAGE, NUMBER_TAKEN, NUMBER_BURNT)


def problem_of(call: Call, status: int, title: str) -> Problem:
    """Return what an answer other than success means; what is not in the table is an outage."""
    return next((one for one in PROBLEMS if one.is_it(call, status, title)), OUTAGE)
