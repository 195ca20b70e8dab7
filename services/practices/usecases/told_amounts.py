"""The amounts that the entities' own software says: asked when somebody wants to know, and remembered.

What is remembered is a fact of the debt, with the moment from which it is in force: everybody works out the amount from
it by the one function (contracts.amounts). Another amount than before is told to all as an amendment.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.storage.database import Database, Tx
from contracts.amounts import ToldAmount, is_to_be_asked, with_answer
from contracts.events.practices import PRACTICE_AMENDED
from contracts.rpc.practices import AskAmountsRequest, PositionReply
from services.practices import records, stored_json
from services.practices.amount_software import Addressed, AmountSoftware, Question
from services.practices.domain.amount_questions import AmountAnswer, AmountQuestion, told_by
from services.practices.domain.states import State
from services.practices.models import PracticeRow, Stored
from services.practices.repository import practices

_ASKED_ABOUT = (State.TO_PAY.value, State.UNCONFIRMED.value)


def is_due(row: Stored, now: datetime) -> bool:
    """Return whether the entity's software is to be asked about a practice."""
    return row.state in _ASKED_ABOUT and is_to_be_asked(records.amount_due_of(row).asked_amount, now)


def ask_amounts(
    database: Database, software: AmountSoftware, request: AskAmountsRequest, now: datetime
) -> PositionReply:
    """Return practices as payments is told of them, after asking for the amounts whose answers are over.

    Those that are over themselves are left out: payments hears how they ended by event.
    """
    ask(database, software, request.practice_ids, now)

    def read(session: Session) -> PositionReply:
        rows = [row for row in practices.positions(session, None, None, request.practice_ids) if _is_open(row)]
        return PositionReply(positions=[records.position_of(row, row.entity, row.service) for row in rows])

    return database.read(read)


def ask(database: Database, software: AmountSoftware, practice_ids: Sequence[UUID], now: datetime) -> None:
    """Ask about those of the practices whose answers are over, and remember what was answered."""
    asked = database.read(partial(_asked, practice_ids=practice_ids, now=now))
    for practice_id, answer in software.ask(asked, now).items():
        with database.transaction() as tx:
            _remember(tx, practice_id, answer, now)


def _asked(session: Session, practice_ids: Sequence[UUID], now: datetime) -> list[Addressed]:
    """Return the questions to put: none about a practice that no entity's software can know."""
    asked: list[Addressed] = []
    for row in practices.positions(session, None, None, practice_ids):
        question = stored_json.read_optional(row.service.amount_question, AmountQuestion)
        if question is None or row.external_id is None or not is_due(row, now):
            continue
        put = Question(
            entity_code=row.entity_code,
            service_code=row.service_code,
            external_id=row.external_id,
            notice_number=row.notice_number,
            iuv=row.iuv,
            at=now,
        )
        asked.append(Addressed(row.id, question.url, put))
    return asked


def _remember(tx: Tx, practice_id: UUID, answer: AmountAnswer, now: datetime) -> None:
    row = practices.locked_with_catalogue(tx.session, practice_id)
    question = stored_json.read_optional(row.service.amount_question, AmountQuestion)
    # Asked twice at once, ended or amended meanwhile: the answer is not wanted any more.
    if question is None or not is_due(row, now):
        return
    others_cents = sum(share.amount_cents for share in stored_json.read_shares(row.shares))
    told = told_by(answer, question, others_cents, now)
    if told is not None and _write(row, told):
        row.sequence += 1
        position = records.position_of(row, row.entity, row.service)
        tx.emit(PRACTICE_AMENDED, position, subject=str(row.id), sequence=row.sequence, now=now)


def _write(row: PracticeRow, answer: ToldAmount) -> bool:
    """Add an answer to what is known; return whether it is news. The same amount again only holds longer."""
    before = records.told_amounts_of(row)
    after = with_answer(before, answer)
    records.write_told_amounts(row, after)
    return len(after.answers) != len(before.answers) or after.answers[-1].told_at != before.answers[-1].told_at


def _is_open(row: PracticeRow) -> bool:
    return row.state in _ASKED_ABOUT
