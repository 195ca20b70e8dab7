"""Stands in for the five services behind the API: answers by `Call`, through the contract's own schemas."""

import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

from contracts.call import AnyCall, Call, Reply, Request
from contracts.error_details import ErrorDetail
from contracts.errors import ErrorCode, Refused
from contracts.message import Message
from contracts.rpc import (
    cart,
    dead_letters,
    identity,
    money_cases,
    notices,
    payments,
    practices,
    settlement,
    webhooks,
)
from gateway.api import examples, money_examples, settlement_examples
from gateway.api.json_values import JsonObject

CITIZEN_TOKEN = "citizen-token"
NEWCOMER_TOKEN = "newcomer-token"
PDF = b"%PDF-1.7 invented"

Answer = Callable[[Any], JsonObject]
"""Takes the request as a message and gives the reply as JSON, which its schema reads."""

PINGS = (identity.PING, practices.PING, cart.PING, payments.PING, notices.PING)
PRINT_JOB_ID = UUID(examples.PRINT_JOB["id"])


class FakeServices:
    """An `Rpc`. `answers` may be replaced by a test; `calls` holds what was asked, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Message]] = []
        self.answers: dict[str, Answer] = {
            practices.ENTITY.name: _entity,
            practices.SEARCH.name: lambda _: {"practices": [examples.PRACTICE]},
            practices.LIST.name: lambda _: {"practices": [examples.PRACTICE], "next_cursor": "next"},
            practices.GET_MANY.name: _get_many,
            practices.INSERT.name: lambda _: examples.PRACTICE,
            practices.DUPLICATES.name: lambda _: {"equals": []},
            practices.PUT_DEBT.name: lambda _: examples.PRACTICE,
            practices.DEBT.name: lambda _: examples.BOOKED_PRACTICE,
            practices.LIST_DEBTS.name: lambda _: {"practices": [examples.BOOKED_PRACTICE], "next_cursor": None},
            practices.MAKE_PAY_LINK.name: lambda _: {
                "id": examples.PAY_LINK["id"],
                "link_token": "t0ken",
                "expires_at": examples.PAY_LINK["expires_at"],
            },
            practices.REVOKE_PAY_LINKS.name: lambda _: {"count": 1},
            practices.ANNUL_DEBT.name: lambda _: examples.PRACTICE,
            practices.IMPORT.name: lambda _: examples.IMPORT,
            practices.GET_IMPORT.name: lambda _: examples.IMPORT,
            practices.APPLY_IMPORT.name: lambda _: {**examples.IMPORT, "state": "loading", "rows": []},
            practices.REFUSED_ROWS.name: lambda _: {"columns": ["codice_debito"], "rows": [], "next_after": None},
            practices.IMPORT_PART.name: lambda _: {},
            practices.QUEUE_IMPORT.name: lambda _: {**examples.IMPORT, "state": "waiting", "rows": []},
            practices.CANCEL_IMPORT.name: lambda _: {**examples.IMPORT, "state": "cancelled"},
            practices.EVENTS.name: lambda _: {"items": []},
            payments.EVENTS.name: lambda _: {"items": []},
            payments.LIST_PAYMENTS.name: lambda _: {"receipts": [examples.RECEIPT], "next_cursor": None},
            payments.START_CHECKOUT.name: _checkout,
            payments.CHECKOUT.name: _checkout,
            payments.STAMP.name: lambda _: {**_document("marca-da-bollo.xml"), "media_type": "application/xml"},
            settlement.TAKE_SETTLEMENT.name: lambda _: settlement_examples.SETTLEMENT,
            settlement.SETTLEMENT.name: lambda _: settlement_examples.SETTLEMENT,
            settlement.SETTLEMENTS.name: lambda _: {"settlements": [settlement_examples.SETTLEMENT]},
            settlement.WORKLIST.name: lambda _: {"items": [settlement_examples.WORKLIST_ITEM]},
            settlement.PUT_CREDIT.name: lambda _: settlement_examples.CREDIT,
            settlement.UNMATCHED_CREDITS.name: lambda _: {"credits": [settlement_examples.UNMATCHED_CREDIT]},
            payments.TAKE_RECEIPT.name: lambda _: examples.TAKEN_RECEIPT,
            settlement.DAY_REPORT.name: lambda _: {"file_name": "riconciliazione.csv", "csv": "riga;importo\r\n"},
            cart.SHOW.name: lambda _: examples.CART,
            cart.ADD.name: lambda _: {"count": 1},
            cart.REMOVE.name: lambda _: {"count": 0},
            cart.CLEAR.name: lambda _: {"count": 0},
            identity.SESSION.name: _session,
            identity.PRIVACY.name: lambda _: examples.CONSENTS,
            identity.REGISTER.name: _session,
            identity.GRANT.name: lambda _: examples.CONSENTS,
            identity.REVOKE.name: lambda _: examples.CONSENTS,
            identity.EXPORT.name: lambda _: {"data": {"citizen": {"name": "Mario"}}},
            notices.NOTICE.name: lambda _: _document("avviso.pdf"),
            notices.DAY_REPORT.name: lambda _: _document("riconciliazione.pdf"),
            notices.RECEIPT.name: lambda _: _document("quietanza.pdf"),
            notices.START_JOB.name: lambda _: {"job": examples.PRINT_JOB},
            notices.JOB.name: lambda request: {"job": examples.PRINT_JOB if request.job_id == PRINT_JOB_ID else None},
            notices.JOB_DOCUMENTS.name: _printed,
            **{call.name: _nothing for call in PINGS},
            money_cases.MONEY_CASES.name: lambda _: {
                "cases": money_examples.CASES["items"],
                "totals": money_examples.CASES["totals"],
                "next_cursor": "42",
            },
            money_cases.MONEY_CASE.name: lambda _: money_examples.CASE_REPLY,
            money_cases.MOVE_CASE.name: lambda _: money_examples.CASE,
            money_cases.EXPORT_REFUNDS.name: lambda _: money_examples.EXPORT,
            money_cases.REFUND_EXPORTS.name: lambda _: {"exports": [money_examples.EXPORT]},
            money_cases.REFUND_FILE.name: lambda asked: {
                "file_name": f"rimborsi.{asked.format}",
                "media_type": "application/xml" if asked.format == "xml" else "text/csv; charset=utf-8",
                "content": "refunds",
            },
            money_cases.SETTLE_EXPORT.name: lambda _: {**money_examples.EXPORT, "open_count": 0},
            webhooks.CREATE_WEBHOOK.name: lambda _: examples.WEBHOOK_WITH_SECRET,
            webhooks.WEBHOOKS.name: lambda _: {"webhooks": [examples.WEBHOOK]},
            webhooks.CHANGE_WEBHOOK.name: lambda _: examples.WEBHOOK,
            webhooks.DELETE_WEBHOOK.name: _nothing,
            webhooks.ROTATE_WEBHOOK_SECRET.name: lambda _: examples.WEBHOOK_WITH_SECRET,
            webhooks.TEST_WEBHOOK.name: lambda _: examples.WEBHOOK_DELIVERY,
            webhooks.WEBHOOK_DELIVERIES.name: lambda _: {"deliveries": [examples.WEBHOOK_DELIVERY]},
            webhooks.RESEND.name: lambda _: {"count": 1},
            **{dead_letters.queues_call(name).name: _dead_letter_queues for name in dead_letters.HEARING},
            **{dead_letters.letters_call(name).name: _dead_letters for name in dead_letters.HEARING},
            **{dead_letters.replay_call(name).name: _settled for name in dead_letters.HEARING},
            **{dead_letters.drop_call(name).name: _settled for name in dead_letters.HEARING},
        }

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        """Answer as the service would, refusing a request that the contract does not allow."""
        assert type(request) is call.request_type
        loaded: Request = call.request.load(call.request.dump(request))
        self.calls.append((call.name, loaded))
        reply: Reply = call.reply.load(self.answers[call.name](loaded))
        return reply

    def asked(self, call: Call[Request, Reply]) -> Request:
        """The last request of a call."""
        last: Any = next(request for name, request in reversed(self.calls) if name == call.name)
        found: Request = last
        return found

    def refuse(self, call: AnyCall, code: ErrorCode, detail: ErrorDetail | None = None) -> None:
        """From now on answer a call with a refusal."""

        def answer(request: Message) -> JsonObject:
            raise Refused(code, detail)

        self.answers[call.name] = answer


def _nothing(request: Message) -> JsonObject:
    return {}


def _dead_letter_queues(request: Message) -> JsonObject:
    return {"queues": [examples.DEAD_LETTER_QUEUE]}


def _dead_letters(request: Message) -> JsonObject:
    return {"letters": [examples.DEAD_LETTER], "waiting": 1}


def _settled(request: Message) -> JsonObject:
    return {"count": 1, "waiting": 0}


def _entity(request: practices.EntityRequest) -> JsonObject:
    if request.entity_code != "PM108":
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    return {**examples.CREDITOR, "services": [examples.SERVICE]}


def _get_many(request: practices.GetManyRequest) -> JsonObject:
    """Everything granted is seen; the citizen sees the example practice."""
    visible = {*request.viewer.granted_practice_ids}
    if request.viewer.citizen_id:
        visible.add(UUID(examples.PRACTICE_ID))
    found = [{**examples.PRACTICE, "id": str(asked)} for asked in request.practice_ids if asked in visible]
    return {"practices": found}


def _checkout(request: payments.StartCheckoutRequest | payments.CheckoutRequest) -> JsonObject:
    return {**examples.CHECKOUT, "payer_ref": request.payer_ref}


def _session(request: identity.TokenRequest) -> JsonObject:
    token = request.session_token
    if token not in (CITIZEN_TOKEN, NEWCOMER_TOKEN):
        raise Refused(ErrorCode.SESSION_EXPIRED)
    citizen = {key: examples.ME[key] for key in ("id", "fiscal_code", "name", "family_name", "email")}
    return {
        "citizen": citizen,
        "registered": token == CITIZEN_TOKEN,
        "spid_level": 2,
        "idle_until": examples.ME["idle_until"],
        "expires_at": examples.ME["expires_at"],
    }


def _printed(request: notices.JobDocumentsRequest) -> JsonObject:
    """A job of 31 debts, the fifth of them paid, in pages as asked."""
    places = range(request.after + 1, min(31, request.after + request.limit) + 1)
    items = [
        {
            "place": place,
            "external_id": f"TARI-{place}",
            "file_name": None if place == 5 else f"avviso-{place}.pdf",
            "code": "practice_paid" if place == 5 else None,
            "content_base64": base64.b64encode(b"%PDF-1.4").decode() if place != 5 and request.with_content else None,
        }
        for place in places
    ]
    return {"items": items, "next_after": places[-1] if len(items) == request.limit else None}


def _document(file_name: str) -> JsonObject:
    return {
        "file_name": file_name,
        "media_type": "application/pdf",
        "content_base64": base64.b64encode(PDF).decode(),
    }
