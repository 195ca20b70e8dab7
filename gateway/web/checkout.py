"""Paga: on to pagoPA, or the page that says why one should hesitate first."""

import re
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

import falcon

from contracts.errors import ErrorCode, Refused
from gateway.catalogue import Entity
from gateway.checkouts import money_may_be_on_its_way, start
from gateway.visit import visit_of
from gateway.web import addresses
from gateway.web.page import Form, Page, checked_form, see_other
from gateway.web.practice_lookup import Practice, many_practices, one_practice
from gateway.web.site import Site

KEY_FIELD: Final = "key"
ANYWAY_FIELD: Final = "anyway"
_KEY: Final = re.compile(r"[0-9a-f-]{36}")


class Pay(Page):
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
        Paying(self.site, req, resp, found_entity, form).pay([practice])


def check_payable(practice: Practice) -> None:
    """Raise Refused with the reason why no payment can be started."""
    if not may_be_tried(practice):
        raise Refused(practice["not_payable_code"])


class Paying:
    """Somebody has pressed Paga."""

    def __init__(self, site: Site, req: falcon.Request, resp: falcon.Response, entity: Entity, form: Form) -> None:
        self._site = site
        self._req = req
        self._resp = resp
        self._entity = entity
        self._form = form
        key = form.get(KEY_FIELD, "")
        self._key = key if _KEY.fullmatch(key) else str(uuid4())

    def pay(self, to_pay: Sequence[Practice]) -> None:
        """Start or resume the checkout, or say what speaks against it and how to go on.

        One that has ended since (an old page was sent again), or from which the payer came back saying "paid" or "not
        known yet", is shown instead: nobody is led to pay twice while the receipt is on its way.
        """
        try:
            checkout = start(
                visit_of(self._req),
                [practice["id"] for practice in to_pay],
                idempotency_key=self._key,
                return_url=self._site.settings.public_url + addresses.outcome(self._entity["code"], "{checkout_id}"),
                pay_anyway=ANYWAY_FIELD in self._form,
            )
        except Refused as refusal:
            if refusal.code is ErrorCode.EQUAL_PRACTICE_FOUND:
                self._show_equals(to_pay, refusal)
            elif refusal.code is ErrorCode.PRACTICE_BEING_PAID and "since" in refusal.params:
                self._show_being_paid(to_pay, refusal)
            else:
                raise
            return
        may_go_on = checkout["redirect_url"] and not money_may_be_on_its_way(checkout)
        elsewhere = addresses.outcome(self._entity["code"], checkout["id"])
        see_other(self._resp, checkout["redirect_url"] if may_go_on else elsewhere)

    def _show_equals(self, to_pay: Sequence[Practice], refusal: Refused) -> None:
        """Show the equal practices, with Paga comunque."""
        doubts = refusal.params["equals"]
        equal = many_practices(visit_of(self._req), list({UUID(doubt["equal_id"]) for doubt in doubts}))
        by_id = {str(practice["id"]): practice for practice in (*equal, *to_pay)}
        self._site.render(
            self._req,
            self._resp,
            "duplicates.html",
            status=HTTPStatus.CONFLICT,
            entity=self._entity,
            to_pay=to_pay,
            doubts=[
                {
                    "practice": by_id[doubt["practice_id"]],
                    "equal": by_id[doubt["equal_id"]],
                    "standing": doubt["standing"],
                    "since": _moment(doubt["since"]),
                    "until": _moment(doubt["until"]),
                }
                for doubt in doubts
                if doubt["equal_id"] in by_id
            ],
            key=self._key,
            action=self._req.path,
        )

    def _show_being_paid(self, to_pay: Sequence[Practice], refusal: Refused) -> None:
        """Show since when and until when somebody is paying one of them; their own payment they can resume."""
        params = refusal.params
        practice = next((one for one in to_pay if str(one["id"]) == params["practice_id"]), to_pay[0])
        self._site.render(
            self._req,
            self._resp,
            "being_paid.html",
            status=HTTPStatus.CONFLICT,
            entity=self._entity,
            practice=practice,
            since=_moment(params["since"]),
            until=_moment(params["until"]),
            checkout_id=params["checkout_id"],
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def may_be_tried(practice: Practice) -> bool:
    """A payment under way is no reason against it: payments resumes it for its own payer and refuses everybody else."""
    return bool(practice["payable"]) or practice["not_payable_code"] == ErrorCode.PRACTICE_BEING_PAID
