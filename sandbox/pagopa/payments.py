"""Paying notices: what each outcome a tester chooses does."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import uuid4

from sandbox.pagopa.delivery import Delivery
from sandbox.pagopa.node_client import Activated, NodeClient, Payment, StationFault, receipt_envelope
from sandbox.pagopa.registry import PSPS, Creditor, Psp, Registry
from sandbox.pagopa.stamps import StampIssuer
from sandbox.pagopa.stand_in import STATION_AWAY, StandIn
from sandbox.pagopa.store import Cart, NewReceipt, Store


class Outcome(StrEnum):
    """How a payment goes. The first is the ordinary one.

    `never`: the receipt is held back until somebody sends it. `lost`: it never comes of itself, though the money is
    settled and BizEvents has it. `pending`: as `late`, and the browser is told that the outcome is not known yet (v2;
    v1 has no word for it).
    """

    PAID = "paid"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    LATE = "late"
    PENDING = "pending"
    TWICE = "twice"
    TWO_PSPS = "two_psps"
    NEVER = "never"
    LOST = "lost"


@dataclass(frozen=True)
class Payer:
    """Who pays through what: `note` is the idCart, `postal` asks for the postal accounts."""

    psp: Psp
    note: str | None = None
    cart_id: str | None = None
    postal: bool = False


@dataclass(frozen=True)
class Paid:
    """One payment at a PSP, and whether the archive answered for the station."""

    psp: Psp
    payer: Payer
    outcome: Outcome
    by_stand_in: bool


class Payments:
    """Activates notices and makes their receipts."""

    def __init__(
        self,
        store: Store,
        node: NodeClient,
        delivery: Delivery,
        registry: Registry,
        late_s: float,
        stand_in: StandIn | None = None,
    ) -> None:
        self._store = store
        self._node = node
        self._delivery = delivery
        self._registry = registry
        self._late_s = late_s
        self._stand_in = stand_in
        self._stamps = StampIssuer()

    def end_cart(self, cart: Cart, outcome: Outcome, only: Sequence[str] = ()) -> str:
        """End an open cart and return where the browser goes. `only`: pay just these notices of it."""
        urls = cart.request["returnUrls"]
        if outcome is Outcome.ABANDONED:
            self._store.end_cart(cart.id, "annullato dal pagatore")
            return str(urls["returnCancelUrl"])
        if outcome is Outcome.REFUSED:
            self._store.end_cart(cart.id, "rifiutato dal PSP")
            return str(urls["returnErrorUrl"])
        note = cart.request.get("idCart")
        payer = Payer(PSPS[0], note=note, cart_id=cart.id, postal=bool(cart.request.get("allCCP")))
        notices = [
            (self._registry.creditor(notice["fiscalCode"]), str(notice["noticeNumber"]))
            for notice in cart.request["paymentNotices"]
            if not only or notice["noticeNumber"] in only
        ]
        try:
            self.pay(notices, payer, outcome)
        except StationFault as fault:
            self._store.end_cart(cart.id, f"non pagato: {fault.code}")
            return str(urls["returnErrorUrl"])
        self._store.end_cart(cart.id, "pagato")
        waits = outcome is Outcome.PENDING and "returnWaitingUrl" in urls
        return str(urls["returnWaitingUrl" if waits else "returnOkUrl"])

    def pay(self, notices: Sequence[tuple[Creditor, str]], payer: Payer, outcome: Outcome) -> list[str]:
        """Pay notices, all or none, and return the ids of the receipts on their way. Raises StationFault."""
        activated = [(creditor, number, *self._activate(creditor, number, payer)) for creditor, number in notices]
        providers = [payer.psp]
        if outcome is Outcome.TWO_PSPS:
            providers.append(next(other for other in PSPS if other != payer.psp))
        receipts = [
            receipt
            for psp in providers
            for creditor, number, answer, by_stand_in in activated
            for receipt in self._receipts(creditor, number, answer, Paid(psp, payer, outcome, by_stand_in=by_stand_in))
        ]
        self._store.add_receipts(receipts)
        self._delivery.hurry()
        return [receipt.receipt_id for receipt in receipts]

    def pay_by_stand_in(self, creditor: Creditor, number: str, payer: Payer, outcome: Outcome) -> list[str]:
        """Pay a notice from the archive, whatever the station says. Raises StationFault."""
        if self._stand_in is None:
            raise StationFault("PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE")
        answer = self._stand_in.activate(creditor, number)
        receipts = self._receipts(creditor, number, answer, Paid(payer.psp, payer, outcome, by_stand_in=True))
        self._store.add_receipts(receipts)
        self._delivery.hurry()
        return [receipt.receipt_id for receipt in receipts]

    def _activate(self, creditor: Creditor, number: str, payer: Payer) -> tuple[Activated, bool]:
        """Ask the station, or the archive while it is away; return the answer and whether it was the archive's."""
        try:
            return self._node.activate(creditor, number, payer.note, postal=payer.postal), False
        except StationFault as fault:
            if self._stand_in is None or fault.code not in STATION_AWAY:
                raise
            return self._stand_in.activate(creditor, number), True

    def _receipts(self, owner: Creditor, number: str, activated: Activated, paid: Paid) -> list[NewReceipt]:
        """Make one receipt per beneficiary that has a station here; all carry the same receiptId."""
        payer, outcome = paid.payer, paid.outcome
        payment = Payment(uuid4().hex, paid.psp, datetime.now(UTC), payer.note, stand_in=paid.by_stand_in)
        now = time.time()
        late = now + self._late_s
        due_at = {
            Outcome.NEVER: None,
            Outcome.LOST: None,
            Outcome.LATE: late,
            Outcome.PENDING: late,
        }.get(outcome, now)
        recipients = [code for code in activated.recipients if code == owner.fiscal_code or self._registry.knows(code)]
        if self._stand_in is not None:
            self._stand_in.paid(owner, number, paid.psp, payment.receipt_id)
        return [
            NewReceipt(
                receipt_id=payment.receipt_id,
                recipient=code,
                notice_number=number,
                amount_cents=activated.amount_cents,
                psp_name=paid.psp.name,
                cart_id=payer.cart_id,
                envelope=receipt_envelope(
                    self._registry.creditor(code), owner, number, activated, payment, self._stamps
                ),
                due_at=due_at,
                deliveries=2 if outcome is Outcome.TWICE else 1,
                lost=outcome is Outcome.LOST,
                stand_in=paid.by_stand_in,
            )
            for code in recipients
        ]
