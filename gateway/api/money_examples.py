"""Examples of unexpected money for the OpenAPI document, beside those of examples.py."""

from typing import Final

from gateway.api.examples import IUV, NOTICE_NUMBER, PRACTICE_ID
from gateway.api.json_values import JsonObject

CASE_ID: Final = "5d3f7a10-8c1b-4f0e-9a44-6b1d2c3e4f50"
EXPORT_ID: Final = "c0a8e7d2-1b3c-4d5e-8f60-718293a4b5c6"
_IBAN: Final = "IT60X0542811101000000123456"
_ACTOR: Final = {"kind": "operator", "id": "0a6a4a52-19d3-4d0c-b0f2-3c1f5e7d9b01"}

CASE: Final[JsonObject] = {
    "id": CASE_ID,
    "entity_code": "PM108",
    "version": 3,
    "state": "decided",
    "reason": "already_paid",
    "opened_at": "2026-11-03T08:00:00+00:00",
    "changed_at": "2026-11-04T09:30:00+00:00",
    "receipt_id": "9d2f4b1e7a6c4f0f8a3b5c6d7e8f9012",
    "first_receipt_id": "c110729d258c4ab1b765fe902aae41d6",
    "notice_number": NOTICE_NUMBER,
    "iuv": IUV,
    "description": "Anna Rossi - Pianoforte - Scuola di tastiere - Retta annuale",
    "payer_name": "Mario Rossi",
    "psp_name": "Banca di prova",
    "paid_at": "2026-11-03T07:59:00+00:00",
    "amount_cents": 12000,
    "unexpected_cents": 12000,
    "practice_id": PRACTICE_ID,
    "external_id": "RETTA-2026-0001-5",
    "service_code": "CONTRIB_IT",
    "accounting_code": "3.0.1.02.16",
    "iban": _IBAN,
    "holder": "Mario Rossi",
    "refund_cents": 12000,
    "decided_by": _ACTOR,
    "offset_practice_id": None,
    "export_id": None,
    "note": None,
}

CASE_REPLY: Final[JsonObject] = {
    "case": CASE,
    "history": [
        {
            "number": 7,
            "at": CASE["changed_at"],
            "actor": _ACTOR,
            "operation": "money.refund",
            "subject": CASE_ID,
            "reason": None,
            "before": {"case_state": "refund_asked", "refund_cents": None},
            "after": {"case_state": "decided", "refund_cents": 12000},
            "correlation_id": "6a1d2f4e8b3c4d5e9f00112233445566",
            "sha256": "9f0c" * 16,
        }
    ],
    "second_person": False,
}

CASES: Final[JsonObject] = {
    "items": [CASE],
    "totals": [{"state": "decided", "count": 1, "amount_cents": 12000}],
    "next_cursor": None,
}

STEP: Final[JsonObject] = {"step": "refund", "version": 2, "refund_cents": 12000}

EXPORT_BODY: Final[JsonObject] = {"account_iban": _IBAN, "pay_on": "2026-11-06"}

EXPORT: Final[JsonObject] = {
    "id": EXPORT_ID,
    "entity_code": "PM108",
    "created_at": "2026-11-05T10:00:00+00:00",
    "created_by": _ACTOR,
    "pay_on": "2026-11-06",
    "account_iban": _IBAN,
    "count": 1,
    "total_cents": 12000,
    "open_count": 1,
}
