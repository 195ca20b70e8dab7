"""Paga: on to pagoPA, or the page that says what speaks against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID

import falcon

from contracts.error_details import AmountChanged, BeingPaid, DuplicatePractice, DuplicatesFound, detail_of
from contracts.errors import ErrorCode, Refused
from contracts.rpc.practices import Entity, Practice
from gateway.checkouts import money_may_be_on_its_way, start
from gateway.edge.rates import CHECKOUT
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.notice_code import email_error, typed_email, write_wrong_email
from gateway.web.page import Form, Page, checked_form, form_key, see_other
from gateway.web.practice_lookup import many_practices, one_practice
from gateway.web.site import Site

_ANYWAY_FIELD: Final = "anyway"
_TOTAL_FIELD: Final = "total"
_TOTAL_MAX_CHARS: Final = 15


class PayPractice(Page):
    """Paga on one practice."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Lead who reloads this address to the practice."""
        see_other(resp, addresses.practice(entity, practice_id))

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Open the checkout and send the payer to pagoPA; the same form twice leads to the same checkout."""
        form = checked_form(req)
        visit = visit_of(req)
        found_entity = self.site.entity(visit, entity)
        practice = one_practice(visit, entity, practice_id)
        check_payable(practice)
        email = typed_email(form)
        if email_error(email):
            write_wrong_email(self.site, req, resp, found_entity, practice, email)
            return
        CheckoutStart(self.site, req, resp, found_entity, form).answer([practice])


def check_payable(practice: Practice) -> None:
    """Raise Refused with the reason why no payment can be started."""
    if not may_be_tried(practice):
        raise Refused(practice.not_payable_code)


def may_be_tried(practice: Practice) -> bool:
    """Return whether Paga may be pressed.

    A payment under way is no reason against it: payments resumes it for its own payer and refuses everybody else.
    """
    return practice.payable or practice.not_payable_code == ErrorCode.PRACTICE_BEING_PAID


@dataclass(frozen=True)
class ShownDuplicate:
    """A practice about to be paid, beside one that looks like the same payment; `found` says what became of that."""

    practice: Practice
    duplicate: Practice
    found: DuplicatePractice


class CheckoutStart:
    """The answer to a form whose button was Paga."""

    def __init__(self, site: Site, req: falcon.Request, resp: falcon.Response, entity: Entity, form: Form) -> None:
        self._site = site
        self._req = req
        self._resp = resp
        self._entity = entity
        self._form = form
        self._key = form_key(form)

    def answer(self, to_pay: Sequence[Practice]) -> None:
        """Start or resume the checkout, or say what speaks against it and how to go on. Raises as rates' `check` does.

        One that has ended since (an old page was sent again), or from which the payer came back saying "paid" or "not
        known yet", is shown instead: nobody is led to pay twice while the receipt is on its way.
        """
        self._site.rates.check(self._req, CHECKOUT)
        try:
            checkout = start(
                visit_of(self._req),
                [practice.id for practice in to_pay],
                idempotency_key=self._key,
                return_url=self._site.settings.public_url + addresses.outcome(self._entity.code, "{checkout_id}"),
                pay_anyway=_ANYWAY_FIELD in self._form,
                email=typed_email(self._form) or None,
                shown_total_cents=shown_total(self._form),
            )
        except Refused as refusal:
            if duplicates := detail_of(refusal, DuplicatesFound):
                self._show_duplicates(to_pay, duplicates)
            elif being_paid := detail_of(refusal, BeingPaid):
                self._show_being_paid(to_pay, being_paid)
            elif changed := detail_of(refusal, AmountChanged):
                self._show_new_amount(to_pay, changed)
            else:
                raise
            return
        if checkout.redirect_url and not money_may_be_on_its_way(checkout):
            see_other(self._resp, checkout.redirect_url)
        else:
            see_other(self._resp, addresses.outcome(self._entity.code, checkout.id))

    def _show_duplicates(self, to_pay: Sequence[Practice], detail: DuplicatesFound) -> None:
        """Show the practices that look like the same payment, with Paga comunque."""
        duplicate_ids = list({found.equal_id for found in detail.equals})
        duplicates = many_practices(visit_of(self._req), duplicate_ids)
        by_id = {practice.id: practice for practice in (*duplicates, *to_pay)}
        self._site.render(
            self._req,
            self._resp,
            "duplicates.html",
            status=HTTPStatus.CONFLICT,
            entity=self._entity,
            to_pay=to_pay,
            duplicates=[
                ShownDuplicate(by_id[found.practice_id], by_id[found.equal_id], found)
                for found in detail.equals
                if found.equal_id in by_id
            ],
            key=self._key,
            email=typed_email(self._form),
            total_cents=shown_total(self._form),
            action=self._req.path,
        )

    def _show_new_amount(self, to_pay: Sequence[Practice], changed: AmountChanged) -> None:
        """Show what it costs now, until when, and the button that pays that."""
        # As it is now: midnight may have come since the practices were asked for.
        found = {practice.id: practice for practice in many_practices(visit_of(self._req), [one.id for one in to_pay])}
        self._site.render(
            self._req,
            self._resp,
            "amount_changed.html",
            status=HTTPStatus.CONFLICT,
            entity=self._entity,
            to_pay=[found.get(one.id, one) for one in to_pay],
            total_cents=changed.total_cents,
            key=self._key,
            email=typed_email(self._form),
            is_anyway=_ANYWAY_FIELD in self._form,
            action=self._req.path,
        )

    def _show_being_paid(self, to_pay: Sequence[Practice], being_paid: BeingPaid) -> None:
        """Show since when and until when somebody is paying one of them; their own payment they can resume."""
        practice = next((one for one in to_pay if one.id == being_paid.practice_id), to_pay[0])
        self._site.render(
            self._req,
            self._resp,
            "being_paid.html",
            status=HTTPStatus.CONFLICT,
            entity=self._entity,
            practice=practice,
            being_paid=being_paid,
        )


def shown_total(form: Form) -> int | None:
    """Return the total in cents that the payer's page showed; None of a page that does not say."""
    typed = form.get(_TOTAL_FIELD, "")
    is_cents = typed.isascii() and typed.isdecimal() and len(typed) <= _TOTAL_MAX_CHARS
    return int(typed) if is_cents else None
