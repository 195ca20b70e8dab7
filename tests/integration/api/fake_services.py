"""Stands in for the five services behind the API: answers by `Call`, through the contract's own schemas."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts.call import Call
from contracts.errors import ErrorCode, Refused
from contracts.rpc import cart, identity, notices, payments, practices, settlement
from gateway.api import examples

CITIZEN_TOKEN = "citizen-token"
NEWCOMER_TOKEN = "newcomer-token"
PDF = b"%PDF-1.7 invented"

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]

PRINT_JOB_ID = UUID(examples.PRINT_JOB["id"])


class FakeServices:
    """An `Rpc`. `answers` may be replaced by a test; `calls` holds what was asked, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = {
            practices.ENTITY.name: _entity,
            practices.SEARCH.name: lambda _: {"practices": [examples.PRACTICE]},
            practices.LIST.name: lambda _: {"practices": [examples.PRACTICE], "next_cursor": "next"},
            practices.GET_MANY.name: _get_many,
            practices.INSERT.name: lambda _: examples.PRACTICE,
            practices.DUPLICATES.name: lambda _: {"equals": []},
            practices.PUT_DEBT.name: lambda _: examples.PRACTICE,
            practices.ANNUL_DEBT.name: lambda _: examples.PRACTICE,
            practices.IMPORT.name: lambda _: examples.IMPORT,
            practices.GET_IMPORT.name: lambda _: examples.IMPORT,
            practices.EVENTS.name: lambda _: {"items": []},
            payments.EVENTS.name: lambda _: {"items": []},
            payments.LIST_PAYMENTS.name: lambda _: {"receipts": [examples.RECEIPT], "next_cursor": None},
            payments.START_CHECKOUT.name: _checkout,
            payments.CHECKOUT.name: _checkout,
            settlement.TAKE_SETTLEMENT.name: lambda _: examples.SETTLEMENT,
            settlement.SETTLEMENT.name: lambda _: examples.SETTLEMENT,
            settlement.SETTLEMENTS.name: lambda _: {"settlements": [examples.SETTLEMENT]},
            settlement.WORKLIST.name: lambda _: {"items": [examples.WORKLIST_ITEM]},
            settlement.PUT_CREDIT.name: lambda _: examples.CREDIT,
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
            notices.JOB.name: lambda request: {
                "job": examples.PRINT_JOB if request["job_id"] == PRINT_JOB_ID else None
            },
            notices.JOB_DOCUMENTS.name: _printed,
        }

    def call(self, call: Call, request: Mapping[str, Any], *, correlation_id: str | None = None) -> dict[str, Any]:
        """Answer as the service would, refusing a request that the contract does not allow."""
        loaded = call.request.load(call.request.dump(request))
        self.calls.append((call.name, loaded))
        unknown = set(request) - set(call.request.fields)
        assert not unknown, unknown
        reply: dict[str, Any] = call.reply.load(self.answers[call.name](loaded))
        return reply

    def asked(self, call: Call) -> dict[str, Any]:
        """The last request of a call."""
        return next(request for name, request in reversed(self.calls) if name == call.name)

    def refuse(self, call: Call, code: ErrorCode, params: Mapping[str, Any] | None = None) -> None:
        """From now on answer a call with a refusal."""

        def answer(request: dict[str, Any]) -> Mapping[str, Any]:
            raise Refused(code, params)

        self.answers[call.name] = answer


def _entity(request: dict[str, Any]) -> Mapping[str, Any]:
    if request["entity_code"] != "PM108":
        raise Refused(ErrorCode.UNKNOWN_ENTITY)
    return {**examples.CREDITOR, "services": [examples.SERVICE]}


def _get_many(request: dict[str, Any]) -> Mapping[str, Any]:
    """Everything granted is seen; the citizen sees the example practice."""
    visible = {*request["viewer"]["granted_practice_ids"]}
    if request["viewer"]["citizen_id"]:
        visible.add(UUID(examples.PRACTICE_ID))
    found = [{**examples.PRACTICE, "id": str(asked)} for asked in request["practice_ids"] if asked in visible]
    return {"practices": found}


def _checkout(request: dict[str, Any]) -> Mapping[str, Any]:
    return {**examples.CHECKOUT, "payer_ref": request["payer_ref"]}


def _session(request: dict[str, Any]) -> Mapping[str, Any]:
    token = request["session_token"]
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


def _printed(request: Mapping[str, Any]) -> dict[str, Any]:
    """A job of 31 debts, the fifth of them paid, in pages as asked."""
    places = range(request["after"] + 1, min(31, request["after"] + request["limit"]) + 1)
    items = [
        {
            "place": place,
            "external_id": f"TARI-{place}",
            "file_name": None if place == 5 else f"avviso-{place}.pdf",
            "code": "practice_paid" if place == 5 else None,
            "content_base64": base64.b64encode(b"%PDF-1.4").decode()
            if place != 5 and request["with_content"]
            else None,
        }
        for place in places
    ]
    return {"items": items, "next_after": places[-1] if len(items) == request["limit"] else None}


def _document(file_name: str) -> Mapping[str, Any]:
    return {
        "file_name": file_name,
        "media_type": "application/pdf",
        "content_base64": base64.b64encode(PDF).decode(),
    }
