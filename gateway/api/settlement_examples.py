"""Examples of settlement for the OpenAPI document, beside those of examples.py."""

from typing import Final

from gateway.api.json_values import JsonObject

SETTLEMENT: Final[JsonObject] = {
    "entity_code": "PM108",
    "flow_id": "2026-11-03ABCDITMM-0001",
    "flow_at": "2026-11-03T22:40:00+00:00",
    "revision": 0,
    "regulation_id": "TRN0000001",
    "settled_on": "2026-11-03",
    "sender_id": "ABCDITMM",
    "sender_name": "Banca di prova",
    "payments_count": 1,
    "total_cents": 12000,
    "current": True,
    "received_at": "2026-11-04T06:00:00+00:00",
    "pending": 0,
    "findings": [{"finding": "reported", "count": 1, "amount_cents": 12000}],
    "credit_reference": "CRO-4711",
    "reconciled": True,
    "adds_up": True,
    "unread": [],
}

WORKLIST_ITEM: Final[JsonObject] = {
    "id": 42,
    "finding": "unknown",
    "flow_id": SETTLEMENT["flow_id"],
    "settled_on": "2026-11-03",
    "iuv": "01000000000009999",
    "iur": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "transfer": 1,
    "amount_cents": 2500,
    "outcome": 0,
    "paid_on": "2026-11-02",
    "practice_id": None,
}

BANK_CREDIT: Final[JsonObject] = {
    "booked_on": "2026-11-04",
    "amount_cents": 12000,
    "remittance_text": f"/PUR/LGPE-RIVERSAMENTO pagamenti del 20261103/URI/{SETTLEMENT['flow_id']}",
}

CREDIT: Final[JsonObject] = {
    "reference": "CRO-4711",
    "booked_on": "2026-11-04",
    "amount_cents": 12000,
    "flow_id": SETTLEMENT["flow_id"],
    "flow_known": True,
    "reconciled": True,
}

UNMATCHED_CREDIT: Final[JsonObject] = {
    "reference": "CRO-4712",
    "booked_on": "2026-11-04",
    "amount_cents": 12000,
    "remittance_text": "BONIFICO PAGAMENTI DEL 03/11/2026",
    "flow_id": None,
    "candidates": [SETTLEMENT["flow_id"]],
}
