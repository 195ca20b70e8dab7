"""Examples for the OpenAPI document, made of invented data; a test loads each through its schema."""

from typing import Final

from gateway.api.json_values import JsonObject

PRACTICE_ID: Final = "3f2c8a52-6f2e-4c53-9f3e-0f6a2c1d7b10"
CHECKOUT_ID: Final = "b7a1f3c4-2d8e-4f6b-8a57-0c9d1e2f3a4b"
IMPORT_ID: Final = "9d0c1b2a-3e4f-4a5b-8c6d-7e8f9a0b1c2d"
NOTICE_NUMBER: Final = "301000000000000134"
IUV: Final = NOTICE_NUMBER[1:]

_TITLE: Final = {"it": "Contribuzione studentesca studenti italiani", "en": "Tuition fee, Italian students"}
_BENEFICIARY: Final = {
    "full_name": "Anna Rossi",
    "course": "Pianoforte",
    "school": "Scuola di tastiere",
    "contribution_type": "Retta annuale",
}
_DEBTOR: Final = {
    "entity_type": "F",
    "fiscal_code": "RSSMRA85T10A562S",
    "full_name": "Mario Rossi",
    "street_name": None,
    "civic_number": None,
    "postal_code": None,
    "city": None,
    "province": None,
    "country": None,
    "email": None,
}

CREDITOR: Final[JsonObject] = {
    "code": "PM108",
    "creditor": {
        "code": "PM108",
        "fiscal_code": "80012345676",
        "company_name": "Conservatorio di Musica",
        "office_name": None,
        "broker_fiscal_code": "80012345676",
        "station_id": "80012345676_01",
    },
    "website": "https://conservatorio.example",
    "contact_email": "segreteria@conservatorio.example",
    "logo": None,
    "cbill": None,
    "postal_account": None,
    "postal_account_holder": None,
}

SERVICE: Final[JsonObject] = {
    "code": "CONTRIB_IT",
    "title": _TITLE,
    "note": None,
    "category": "9/0101100IM/",
    "spontaneous": True,
    "allows_anonymous": False,
    "requires_beneficiary": True,
    "accepts_late": True,
    "min_cents": None,
    "max_cents": None,
    "unit_cents": None,
    "fixed_cents": None,
}

SEARCH: Final[JsonObject] = {"fiscal_code": "RSSMRA85T10A562S", "reference": IUV}

PRACTICE: Final[JsonObject] = {
    "id": PRACTICE_ID,
    "entity_code": "PM108",
    "creditor_name": "Conservatorio di Musica",
    "service_code": "CONTRIB_IT",
    "service_title": _TITLE,
    "origin": "spontaneous",
    "external_id": None,
    "debtor": _DEBTOR,
    "beneficiary": _BENEFICIARY,
    "description": "Anna Rossi - Pianoforte - Scuola di tastiere - Retta annuale",
    "amount_cents": 12000,
    "notice_number": NOTICE_NUMBER,
    "iuv": IUV,
    "due_date": None,
    "payable_until": None,
    "instalment": None,
    "state": "to_pay",
    "state_reason": None,
    "state_since": "2026-11-02T09:15:00+00:00",
    "state_until": None,
    "overdue": False,
    "payable": True,
    "not_payable_code": None,
    "needs_attention": False,
    "masked": False,
    "online_only": False,
    "postal_slip": True,
    "stamp": None,
    "amount_until": None,
    "amounts": [],
    "printed_date": None,
    "debt_cents": None,
    "schedule": None,
    "debt_position": None,
    "option": None,
    "extras": [],
    "amount_told_at": None,
    "amount_last_known": False,
    "created_at": "2026-11-02T09:15:00+00:00",
}

BOOKED_PRACTICE: Final[JsonObject] = {**PRACTICE, "accounting_code": "3.0.1.02.16"}

INSERTION: Final[JsonObject] = {
    "service_code": "CONTRIB_IT",
    "amount_cents": 12000,
    "beneficiary": _BENEFICIARY,
}

CART: Final[JsonObject] = {"entity_code": "PM108", "practices": [PRACTICE], "total_cents": 12000}

CHECKOUT: Final[JsonObject] = {
    "id": CHECKOUT_ID,
    "entity_code": "PM108",
    "state": "open",
    "created_at": "2026-11-02T09:20:00+00:00",
    "open_until": "2026-11-02T10:20:00+00:00",
    "ended_at": None,
    "returned": None,
    "redirect_url": "https://checkout.pagopa.it/c/5f1b2c3d",
    "items": [
        {
            "practice_id": PRACTICE_ID,
            "notice_number": NOTICE_NUMBER,
            "description": PRACTICE["description"],
            "amount_cents": 12000,
            "paid": False,
            "paid_at": None,
            "receipt_id": None,
        }
    ],
    "total_cents": 12000,
}

ME: Final[JsonObject] = {
    "id": "0a6a4a52-19d3-4d0c-b0f2-3c1f5e7d9b01",
    "fiscal_code": "RSSMRA85T10A562S",
    "name": "Mario",
    "family_name": "Rossi",
    "email": "mario.rossi@posta.example",
    "registered": True,
    "spid_level": 2,
    "idle_until": "2026-11-02T09:45:00+00:00",
    "expires_at": "2026-11-02T17:15:00+00:00",
}

CONSENT: Final[JsonObject] = {"purpose": "registration", "document_id": "privacy-1", "email": None}

CONSENTS: Final[JsonObject] = {
    "documents": [
        {
            "id": "privacy-1",
            "purpose": "registration",
            "version": "1",
            "valid_from": "2026-01-01",
            "title": {"it": "Informativa sulla privacy", "en": "Privacy notice"},
            "text": {"it": "Il titolare del trattamento è ...", "en": "The data controller is ..."},
        }
    ],
    "granted": ["registration"],
    "history": [
        {
            "at": "2026-11-02T09:14:00+00:00",
            "purpose": "registration",
            "action": "acknowledged",
            "document_id": "privacy-1",
            "document_version": "1",
            "channel": "web",
        }
    ],
}

DEBT: Final[JsonObject] = {
    "service_code": "RETTA",
    "fiscal_code": "RSSMRA85T10A562S",
    "full_name": "Mario Rossi",
    "amount_cents": 15000,
    "description": "Retta di frequenza, rata 5 di 7",
    "due_date": "2026-12-15",
    "instalment": {"number": 5, "total": 7},
}

IMPORT: Final[JsonObject] = {
    "id": IMPORT_ID,
    "entity_code": "PM108",
    "file_name": "debiti.csv",
    "created_at": "2026-11-02T09:00:00+00:00",
    "state": "done",
    "checked_rows": 2,
    "accepted": 1,
    "refused": 1,
    "code": None,
    "next_after": None,
    "rows": [
        {
            "line": 2,
            "outcome": "created",
            "external_id": "RETTA-2026-0001-5",
            "notice_number": NOTICE_NUMBER,
            "code": None,
            "column": None,
        },
        {
            "line": 3,
            "outcome": "refused",
            "external_id": "RETTA-2026-0002-5",
            "notice_number": None,
            "code": "invalid_fiscal_code",
            "column": "codice_fiscale",
        },
    ],
}

IMPORT_FILE: Final = (
    "codice_debito;servizio;codice_fiscale;cognome_nome;email;causale;importo;scadenza;rata;rate_totali\n"
    "RETTA-2026-0001-5;RETTA;RSSMRA85T10A562S;Rossi Mario;;Retta, rata 5 di 7;150,00;15/12/2026;5;7\n"
)

RECEIPT: Final[JsonObject] = {
    "receipt_id": "c110729d258c4ab1b765fe902aae41d6",
    "practice_id": PRACTICE_ID,
    "entity_code": "PM108",
    "creditor_fiscal_code": "80012345676",
    "company_name": "Conservatorio di Musica",
    "notice_number": NOTICE_NUMBER,
    "iuv": IUV,
    "amount_cents": 12000,
    "fee_cents": 100,
    "description": PRACTICE["description"],
    "debtor": _DEBTOR,
    "payer": None,
    "psp_id": "ABCDITMM",
    "psp_name": "Banca di prova",
    "payment_method": "creditCard",
    "transfers": [
        {
            "id_transfer": 1,
            "amount_cents": 12000,
            "fiscal_code": "80012345676",
            "company_name": "Conservatorio di Musica",
            "iban": "IT60X0542811101000000123456",
            "remittance_information": PRACTICE["description"],
            "category": "9/0101100IM/",
        }
    ],
    "paid_at": "2026-11-02T09:25:00+00:00",
    "application_date": "2026-11-02",
    "received_at": "2026-11-02T09:25:03+00:00",
    "duplicate": False,
    "stamps": [],
    "stand_in": False,
    "flags": [],
    "external_id": None,
    "service_code": "CONTRIB_IT",
    "accounting_code": "3.0.1.02.16",
    "instalment": None,
    "beneficiary": _BENEFICIARY,
}

TAKEN_RECEIPT: Final[JsonObject] = {
    "receipt_id": RECEIPT["receipt_id"],
    "notice_number": NOTICE_NUMBER,
    "fault": None,
}

EVENTS: Final[JsonObject] = {
    "items": [
        {
            "specversion": "1.0",
            "id": "6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b",
            "source": "/services/payments",
            "type": "PaymentConfirmed.v1",
            "subject": PRACTICE_ID,
            "time": "2026-11-02T09:25:03+00:00",
            "sequence": "0000000002",
            "datacontenttype": "application/json",
            "data": {
                "receipt_id": RECEIPT["receipt_id"],
                "practice_id": PRACTICE_ID,
                "entity_code": "PM108",
                "creditor_fiscal_code": "80012345676",
                "notice_number": NOTICE_NUMBER,
                "iuv": IUV,
                "amount_cents": 12000,
                "paid_at": RECEIPT["paid_at"],
                "application_date": "2026-11-02",
                "psp_id": "ABCDITMM",
                "psp_name": "Banca di prova",
                "payment_method": "creditCard",
                "checkout_id": CHECKOUT_ID,
            },
        }
    ],
    "next_cursor": "WzQyLCAxN10=",
    "more": False,
    "complete_since": "2025-10-01T06:30:00+00:00",
}

WEBHOOK: Final[JsonObject] = {
    "id": IMPORT_ID,
    "url": "https://gestionale.example/portale",
    "types": ["PaymentConfirmed.v1", "PaymentDuplicated.v1"],
    "enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "created_at": "2026-11-02T09:00:00+00:00",
}

WEBHOOK_WITH_SECRET: Final[JsonObject] = {**WEBHOOK, "secret": "whsec_b25seSBhbiBleGFtcGxl"}

WEBHOOK_DELIVERY: Final[JsonObject] = {
    "id": 4711,
    "event_id": EVENTS["items"][0]["id"],
    "type": "PaymentConfirmed.v1",
    "test": False,
    "state": "waiting",
    "next_at": "2026-11-02T09:25:09+00:00",
    "created_at": "2026-11-02T09:25:04+00:00",
    "attempts": [{"at": "2026-11-02T09:25:04+00:00", "status": 503, "problem": None, "duration_ms": 31}],
}

DEAD_LETTER_QUEUE: Final[JsonObject] = {
    "consumer": "practices.on_payment_confirmed",
    "type": "PaymentConfirmed.v1",
    "waiting": 1,
}

DEAD_LETTER: Final[JsonObject] = {
    "id": EVENTS["items"][0]["id"],
    "type": "PaymentConfirmed.v1",
    "subject": PRACTICE_ID,
    "emitted_at": EVENTS["items"][0]["time"],
    "attempts": 5,
    "error": "KeyError",
    "dead_at": "2026-11-02T10:31:08+00:00",
    "size_bytes": 742,
    "event": None,
}

PRINT_JOB: Final[JsonObject] = {
    "id": IMPORT_ID,
    "entity_code": "PM108",
    "total": 1000,
    "printed": 640,
    "refused": 2,
    "created_at": "2026-11-23T09:00:00+00:00",
    "finished_at": None,
}

PAY_LINK: Final[JsonObject] = {
    "id": "7b1f6c0e-3c55-4f8b-9a70-0f2a2f0f6f11",
    "url": "https://pagamenti.ente.example/paga/sT9wq0Zk3mXbV7yJ2rLhQ8uN5cEaP1dGfI6oK4tS0vM",
    "expires_at": "2027-02-21T10:00:00Z",
}
