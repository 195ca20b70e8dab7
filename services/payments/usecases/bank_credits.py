"""The bank's credits: registered, matched with the flow they are of, listed where there is none."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from chassis.audit import entries
from chassis.audit.chain import Json
from chassis.audit.entries import Change
from chassis.storage.database import Database, Tx
from contracts.rpc.settlement import (
    Credit,
    PutCreditRequest,
    UnmatchedCredit,
    UnmatchedCredits,
    UnmatchedCreditsRequest,
)
from services.payments.domain.settlements import flow_id_in
from services.payments.models import BankCredit, SettlementFlow
from services.payments.repository import bank_credits, settlements

REGISTERED: Final = "settlement.credit"


def put_credit(database: Database, request: PutCreditRequest, now: datetime) -> Credit:
    """Register a bank credit; it is matched with its flow whichever of the two comes first."""
    guessed = flow_id_in(request.remittance_text)
    with database.transaction() as tx:
        flow_id = bank_credits.known_flow_in(tx.session, request.entity_code, request.remittance_text) or guessed
        before = bank_credits.credit(tx.session, request.entity_code, request.reference)
        was = _told(before.amount_cents, before.booked_on) if before else {}
        bank_credits.save_credit(tx.session, request, flow_id, now)
        flows = settlements.current_of_entity(tx.session, request.entity_code, flow_id=flow_id) if flow_id else []
        named = bank_credits.credits_by_flow(tx.session, request.entity_code, [flow_id] if flow_id else [])
        _note(tx, request, was, now)
    return Credit(
        reference=request.reference,
        booked_on=request.booked_on,
        amount_cents=request.amount_cents,
        flow_id=flow_id,
        flow_known=bool(flows),
        reconciled=any(fitting_credits(flow, named.get(flow.flow_id, [])) for flow in flows),
    )


def _told(amount_cents: int, booked_on: date) -> Json:
    return {"amount_cents": amount_cents, "booked_on": booked_on.isoformat()}


def _note(tx: Tx, request: PutCreditRequest, was: Json, now: datetime) -> None:
    """Append to the audit which credit somebody registered or corrected; the same again is no change."""
    is_now = _told(request.amount_cents, request.booked_on)
    if request.actor is None or was == is_now:
        return
    change = Change(
        entity_code=request.entity_code,
        actor=request.actor,
        operation=REGISTERED,
        subject=request.reference,
        before=was,
        after=is_now,
    )
    entries.append(tx, change, now)


def unmatched_credits(database: Database, request: UnmatchedCreditsRequest) -> UnmatchedCredits:
    """Return the credits that no flow we have belongs to, each with the flows it might be of."""
    with database.reading() as session:
        found = bank_credits.unmatched(session, request.entity_code, request.after, request.limit)
        return UnmatchedCredits(
            credits=[
                UnmatchedCredit(
                    reference=credit.reference,
                    booked_on=credit.booked_on,
                    amount_cents=credit.amount_cents,
                    remittance_text=credit.remittance_text,
                    flow_id=credit.flow_id,
                    candidates=bank_credits.candidates(session, credit),
                )
                for credit in found
            ]
        )


def fitting_credits(flow: SettlementFlow, named: Sequence[BankCredit]) -> Sequence[BankCredit]:
    """Return the credits that are the flow's: one of its amount, or all that name it where they add up to it."""
    whole = next((credit for credit in named if credit.amount_cents == flow.total_cents), None)
    if whole is not None:
        return [whole]
    return named if sum(credit.amount_cents for credit in named) == flow.total_cents else []
