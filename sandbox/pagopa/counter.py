"""The counter of a PSP: type a notice number or paste the QR code's text, see what is owed, pay it."""

import re
from typing import Final

import falcon

from sandbox.pagopa.forms import read_form
from sandbox.pagopa.node_client import NodeClient, StationFault
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.payments import Outcome, Payer, Payments
from sandbox.pagopa.registry import PSPS, Creditor, Registry, find_psp

_QR: Final = re.compile(r"PAGOPA\|002\|(\d{18})\|(\d{11})\|\d{1,11}")
_NUMBER: Final = re.compile(r"\d{18}")


class Counter:
    """Three steps on one address: ask (GET), look at it and pay (POST)."""

    def __init__(self, pages: Pages, node: NodeClient, payments: Payments, registry: Registry) -> None:
        self._pages = pages
        self._node = node
        self._payments = payments
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Ask for a notice; `?avviso=` fills it in."""
        self._ask(resp, typed=req.get_param("avviso", default=""))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Look a notice up, or pay it when `step` says so."""
        form = read_form(req)
        typed = form.get("avviso", "")
        named = self._read(typed, form.get("ente", ""))
        if named is None:
            self._ask(
                resp, typed, problem="Scrivi le 18 cifre del codice avviso, oppure incolla il testo del codice QR."
            )
            return
        creditor, number = named
        try:
            if form.get("step") == "pay":
                self._pay(form, resp, creditor, number)
            else:
                verified = self._node.verify(creditor, number)
                self._pages.show(
                    resp, "counter_notice.html", creditor=creditor, number=number, verified=verified, psps=PSPS
                )
        except StationFault as fault:
            self._pages.show(resp, "counter_refused.html", creditor=creditor, number=number, fault=fault)

    def _pay(self, form: dict[str, str], resp: falcon.Response, creditor: Creditor, number: str) -> None:
        chosen = form.get("outcome", "")
        outcome = Outcome(chosen) if chosen in set(Outcome) else Outcome.PAID
        provider = find_psp(form.get("psp", ""))
        receipt_ids = self._payments.pay([(creditor, number)], Payer(provider), outcome)
        self._pages.show(
            resp,
            "counter_paid.html",
            creditor=creditor,
            number=number,
            psp=provider,
            receipt_ids=receipt_ids,
            outcome=outcome,
        )

    def _ask(self, resp: falcon.Response, typed: str, problem: str | None = None) -> None:
        self._pages.show(resp, "counter.html", creditors=self._registry.creditors, typed=typed, problem=problem)

    def _read(self, typed: str, fiscal_code: str) -> tuple[Creditor, str] | None:
        """Read the text of a QR code, or a number with spaces for the creditor chosen."""
        if found := _QR.search(typed):
            return self._registry.creditor(found[2]), found[1]
        number = re.sub(r"[\s.-]", "", typed)
        return (self._registry.creditor(fiscal_code), number) if _NUMBER.fullmatch(number) and fiscal_code else None
