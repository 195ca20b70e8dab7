"""The question by which an entity's software says what is to be paid: of which services, what an answer is worth."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from marshmallow import ValidationError
from marshmallow.validate import Length, Range, Regexp

from contracts.amounts import ToldAmount
from contracts.calendar import rome_day
from contracts.codes import AMOUNT_MAX_CENTS
from contracts.message import Message
from services.practices.domain.display import end_of_rome_day

HOLDS_MIN_S: Final = 10
HOLDS_MAX_S: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountQuestion(Message):
    """What the catalogue says of a service whose amounts the entity's software says.

    `url`: where it is asked. `holds_s`: for so long an answer is not asked for again. `use_last_known`: where no answer
    comes, what it said last is paid, and before its first answer the debt's own amount.
    """

    url: Annotated[str, Length(max=500), Regexp(r"^https?://[^\s/?#@]+(/[^\s#]*)?\Z")]
    holds_s: Annotated[int, Range(HOLDS_MIN_S, HOLDS_MAX_S)] = 600
    use_last_known: bool = False


def _check_zone(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValidationError("a moment without a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountAnswer(Message):
    """What the software answers: what is to be paid now, 0 where nothing is. `until`: so long it will be that."""

    amount_cents: Annotated[int, Range(0, AMOUNT_MAX_CENTS)]
    until: Annotated[datetime, _check_zone] | None = None


def told_by(answer: AmountAnswer, question: AmountQuestion, others_cents: int, now: datetime) -> ToldAmount | None:
    """Return what an answer is worth; None where it cannot be paid, as nothing of it would be the entity's own.

    It holds as the catalogue says or shorter, as the software says, and to the end of the day in Rome at most: who asks
    in the morning is not told yesterday's amount. HOLDS_MIN_S at least, so that who asked gets to use it.
    """
    if 0 < answer.amount_cents <= others_cents:
        return None
    ends = [now + timedelta(seconds=question.holds_s), end_of_rome_day(rome_day(now))]
    if answer.until is not None:
        ends.append(answer.until)
    holds_until = max(min(ends), now + timedelta(seconds=HOLDS_MIN_S))
    return ToldAmount(amount_cents=answer.amount_cents, told_at=now, holds_until=holds_until)
