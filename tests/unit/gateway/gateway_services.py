"""The services behind the pages, as the pages meet them: answers by `Call`, kept in memory."""

import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.call import Call
from contracts.errors import ErrorCode, Refused
from contracts.rpc import cart, identity, notices, payments, practices

NOW = datetime.now(UTC).replace(microsecond=0)
CITIZEN_ID = UUID("6f3f8f0a-58a5-4d39-9d8e-2f8f4a0c5b11")
FISCAL_CODE = "RSSMRA85T10A562S"
TOKEN = "t" * 43


def make_practice(number: int, **changes: Any) -> dict[str, Any]:
    """A practice of Mario Rossi, to pay; `number` makes its codes."""
    digits = f"301{number:013d}"
    notice_number = digits + f"{int(digits) % 93:02d}"
    practice = {
        "id": UUID(int=number),
        "entity_code": "PM108",
        "creditor_name": "Conservatorio di Musica «Niccolò Jommelli»",
        "service_code": "TARI",
        "service_title": {"it": "Tassa rifiuti (TARI)", "en": "Waste tax (TARI)"},
        "origin": "issued",
        "external_id": f"TARI-2026-{number:05d}",
        "debtor": {"entity_type": "F", "fiscal_code": FISCAL_CODE, "full_name": "Mario Rossi"},
        "beneficiary": None,
        "description": f"TARI 2026; acconto {number}; utenza di via Duomo 12",
        "amount_cents": 21450,
        "notice_number": notice_number,
        "iuv": notice_number[1:],
        "due_date": date(2026, 12, 2),
        "payable_until": None,
        "instalment": None,
        "state": "to_pay",
        "state_reason": None,
        "state_since": NOW - timedelta(days=20),
        "state_until": None,
        "overdue": False,
        "payable": True,
        "not_payable_code": None,
        "needs_attention": False,
        "masked": False,
        "online_only": False,
        "postal_slip": True,
        "stamp": None,
        "created_at": NOW - timedelta(days=20),
    }
    return practice | changes


def make_receipt(practice: dict[str, Any], receipt_id: str, **changes: Any) -> dict[str, Any]:
    """A receipt of the node for a practice."""
    receipt = {
        "receipt_id": receipt_id,
        "practice_id": practice["id"],
        "entity_code": practice["entity_code"],
        "creditor_fiscal_code": "80012345676",
        "company_name": practice["creditor_name"],
        "notice_number": practice["notice_number"],
        "iuv": practice["iuv"],
        "amount_cents": practice["amount_cents"],
        "description": practice["description"],
        "debtor": practice["debtor"],
        "psp_id": "ABI00001",
        "psp_name": "Banca di prova",
        "transfers": [],
        "paid_at": NOW,
        "received_at": NOW,
    }
    return receipt | changes


def make_service(code: str, title: str, **rules: Any) -> dict[str, Any]:
    """A service of the catalogue, offered for spontaneous insertion."""
    service = {
        "code": code,
        "title": {"it": title, "en": f"{title} (en)"},
        "note": {"it": "È possibile prenotare blocchetti da 25 Euro", "en": "Booklets of 25 Euro can be booked"},
        "category": "9/0601126IM/",
        "spontaneous": True,
        "allows_anonymous": False,
        "requires_beneficiary": False,
        "accepts_late": True,
        "min_cents": None,
        "max_cents": None,
        "unit_cents": None,
        "fixed_cents": None,
        "demand": None,
        "stamp_cents": None,
    }
    return service | rules


ENTITY = {
    "code": "PM108",
    "creditor": {
        "code": "PM108",
        "fiscal_code": "80012345676",
        "company_name": "Conservatorio di Musica «Niccolò Jommelli»",
        "office_name": "Segreteria didattica",
        "broker_fiscal_code": "80012345676",
        "station_id": "80012345676_01",
    },
    "website": "https://www.conservatorio-jommelli.example",
    "contact_email": "pagamenti@conservatorio-jommelli.example",
    "logo": "pm108.svg",
    "cbill": None,
    "postal_account": None,
    "postal_account_holder": None,
    "services": [
        make_service("BOLLO_IT", "Imposta di bollo virtuale studenti italiani", fixed_cents=1600),
        make_service(
            "BOLLO_ST",
            "Imposta di bollo virtuale studenti stranieri",
            fixed_cents=1600,
            allows_anonymous=True,
            requires_beneficiary=True,
        ),
        make_service(
            "CONTRIB_IT", "Contribuzione studentesca studenti italiani", unit_cents=2500, requires_beneficiary=True
        ),
        make_service(
            "CONTRIB_ST",
            "Contribuzione studentesca studenti stranieri",
            min_cents=1000,
            max_cents=500000,
            allows_anonymous=True,
            requires_beneficiary=True,
        ),
        make_service("CERT_MBD", "Certificato con marca da bollo", fixed_cents=2100, stamp_cents=1600),
        make_service("TARI", "Tassa rifiuti (TARI)", spontaneous=False),
    ],
}


def _document(document_id: str, purpose: str, title: str) -> dict[str, Any]:
    text = f"{title}: il testo.\n\nSecondo paragrafo, che dice perché e per quanto tempo."
    return {
        "id": document_id,
        "purpose": purpose,
        "version": "1.0",
        "valid_from": date(2026, 1, 1),
        "title": {"it": title, "en": f"{title} (en)"},
        "text": {"it": text, "en": text},
    }


PHONE = UUID(int=2)

DOCUMENTS = [
    _document("informativa-1", "registration", "Informativa sul trattamento dei dati personali"),
    _document("promemoria-1", "email_reminders", "Promemoria per e-mail prima delle scadenze"),
]


class Services:
    """Five services in memory. `practices` and the other fields are what a test arranges and looks at.

    `down` names services that do not answer; `refusals` makes a call refuse, by its name.
    """

    def __init__(self) -> None:
        self.practices: dict[UUID, dict[str, Any]] = {}
        self.registered = True
        self.known = False
        self.card = False
        self.login_fields: dict[str, str] | None = None
        self.stamp: bytes | None = None
        self.strong_entities: set[str] = set()
        self.students: list[dict[str, Any]] = []
        self.session_live = True
        self.session_asked = 0
        self.equals: dict[UUID, list[UUID]] = {}
        self.cart: list[UUID] = []
        self.adopted: list[tuple[str, str]] = []
        self.checkouts: dict[UUID, dict[str, Any]] = {}
        self.checkout_keys: dict[str, UUID] = {}
        self.inserted_keys: dict[str, UUID] = {}
        self.granted = ["registration"]
        self.agreed_document_id = "promemoria-1"
        self.address_refused = False
        self.calendar_token: str | None = None
        self.excluded_entity_codes: list[str] = []
        self.revision = 2
        self.timeline: list[dict[str, Any]] = []
        self.receipts: list[dict[str, Any]] = []
        self.verified: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, Exception] = {}
        self.calls: list[tuple[str, dict[str, Any], str | None]] = []
        self.email: str | None = "mario.rossi@posta.example"
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            call.name: answer for call, answer in self._table().items()
        }

    def call(
        self, call: Call, request: Mapping[str, Any] | None = None, *, correlation_id: str | None = None
    ) -> dict[str, Any]:
        """Answer as the service would: both ways through the contract's schemas."""
        given = dict(request or {})
        assert set(given) <= set(call.request.fields), f"{call.name} does not take {set(given)}"
        loaded = call.request.load(call.request.dump(given))
        self.calls.append((call.name, loaded, correlation_id))
        failure = self.failures.get(call.name) or self.failures.get(call.service)
        if failure:
            raise failure
        reply: dict[str, Any] = call.reply.load(call.reply.dump(self.answers[call.name](loaded)))
        return reply

    def add(self, *made: dict[str, Any]) -> None:
        """Put practices into the list."""
        self.practices.update({practice["id"]: practice for practice in made})

    def answer(self, call: Call, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """From now on answer a procedure in another way."""
        self.answers[call.name] = answer

    def asked(self, call: Call) -> list[dict[str, Any]]:
        """The requests a procedure got."""
        return [request for name, request, _ in self.calls if name == call.name]

    def _table(self) -> dict[Call, Callable[[dict[str, Any]], dict[str, Any]]]:
        nothing: Callable[[dict[str, Any]], dict[str, Any]] = lambda request: {}  # noqa: E731
        pings = dict.fromkeys((identity.PING, practices.PING, cart.PING, payments.PING, notices.PING), nothing)
        return {
            **pings,
            practices.ENTITY: self._entity,
            practices.SEARCH: self._search,
            practices.LIST: self._list,
            practices.GET_MANY: self._get_many,
            practices.INSERT: self._insert,
            practices.DUPLICATES: self._equals,
            identity.PROVIDERS: self._providers,
            identity.METADATA: lambda _: {"xml": "<EntityDescriptor/>"},
            identity.START_LOGIN: self._start_login,
            identity.FINISH_LOGIN: self._finish_login,
            identity.SESSION: self._session,
            identity.LOGOUT: nothing,
            identity.LOGOUT_EVERYWHERE: nothing,
            identity.SESSIONS: self._sessions,
            identity.END_SESSION: self._sessions,
            identity.BENEFICIARIES: lambda _: {"beneficiaries": self.students},
            identity.REMEMBER_BENEFICIARY: self._remember_student,
            identity.FORGET_BENEFICIARY: self._forget_student,
            identity.SLO: lambda _: {"destination": "http://localhost:8088/slo", "saml_response": "eA=="},
            identity.REGISTER: self._register,
            identity.PRIVACY: self._privacy,
            identity.GRANT: self._grant,
            identity.CALENDAR_FEED: lambda _: {"created_at": NOW if self.calendar_token else None},
            identity.RENEW_CALENDAR_FEED: self._renew_calendar,
            identity.REVOKE_CALENDAR_FEED: self._revoke_calendar,
            identity.CALENDAR_READER: self._read_calendar,
            practices.DUE_DATES: lambda _: {
                "practices": [{**one, "revision": self.revision} for one in self.practices.values() if one["due_date"]]
            },
            notices.MAILING: lambda _: {"address_refused": self.address_refused},
            identity.REVOKE: self._revoke,
            identity.EXPORT: lambda _: {"data": {"fiscal_code": FISCAL_CODE}},
            cart.SHOW: self._show_cart,
            cart.COUNT: lambda _: {"count": len(self.cart)},
            cart.ADD: self._add_to_cart,
            cart.REMOVE: self._remove_from_cart,
            cart.CLEAR: self._clear_cart,
            cart.ADOPT: self._adopt,
            payments.START_CHECKOUT: self._start_checkout,
            payments.CHECKOUT: self._checkout,
            payments.RETURNED: self._returned,
            payments.PA_FOR_NODE: lambda request: {
                "envelope": f"<answer>{len(request['envelope'])}</answer>",
                "status": 200,
            },
            payments.STAMP: lambda _: self._stamp(),
            payments.RECEIPTS: lambda _: {"receipts": self.receipts},
            payments.TIMELINE: lambda _: {"entries": self.timeline},
            notices.NOTICE: lambda _: self._pdf("avviso.pdf"),
            notices.RECEIPT: lambda _: self._pdf("quietanza.pdf"),
            notices.CART_RECEIPT: lambda _: self._pdf("quietanza.pdf"),
            notices.VERIFY: lambda request: self.verified.get(
                request["code"], {"genuine": False, "kind": None, "payable": None}
            ),
        }

    # --- practices ---

    def _entity(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["entity_code"] != "PM108":
            raise Refused(ErrorCode.UNKNOWN_ENTITY)
        return ENTITY

    def _search(self, request: dict[str, Any]) -> dict[str, Any]:
        def matches(practice: dict[str, Any]) -> bool:
            by_notice = practice["notice_number"] == request["notice_number"]
            by_reference = request["reference"] in {practice["iuv"], practice["external_id"]}
            return by_notice or (practice["debtor"]["fiscal_code"] == request["fiscal_code"] and by_reference)

        found = [practice for practice in self.practices.values() if matches(practice)]
        if not found:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        return {"practices": [practice | {"masked": request["fiscal_code"] is None} for practice in found]}

    def _equals(self, request: dict[str, Any]) -> dict[str, Any]:
        found = {practice_id: self.equals.get(practice_id, []) for practice_id in request["practice_ids"]}
        return {"equals": [{"practice_id": key, "equal_ids": equal} for key, equal in found.items() if equal]}

    def _list(self, request: dict[str, Any]) -> dict[str, Any]:
        mine = [
            practice
            for practice in self.practices.values()
            if practice["debtor"]["fiscal_code"] == request["viewer"]["fiscal_code"]
            and (not request["states"] or practice["state"] in request["states"])
        ]
        start = int(request["cursor"] or 0)
        end = start + request["limit"]
        return {"practices": mine[start:end], "next_cursor": str(end) if end < len(mine) else None}

    def _get_many(self, request: dict[str, Any]) -> dict[str, Any]:
        viewer = request["viewer"]
        found = [self.practices[item] for item in request["practice_ids"] if item in self.practices]
        return {
            "practices": [
                practice
                for practice in found
                if practice["debtor"]["fiscal_code"] == viewer["fiscal_code"]
                or practice["id"] in viewer["granted_practice_ids"]
            ]
        }

    def _insert(self, request: dict[str, Any]) -> dict[str, Any]:
        key = request["idempotency_key"]
        if key not in self.inserted_keys:
            beneficiary = request["beneficiary"]
            debtor = request["debtor"] or {
                "entity_type": "F",
                "fiscal_code": "ANONIMO",
                "full_name": beneficiary["full_name"],
            }
            made = make_practice(
                1000 + len(self.inserted_keys),
                origin="spontaneous",
                external_id=None,
                debtor=debtor,
                beneficiary=beneficiary,
                amount_cents=request["amount_cents"],
                description=request["description"] or " - ".join(beneficiary.values()),
                service_code=request["service_code"],
            )
            self.add(made)
            self.inserted_keys[key] = made["id"]
        return self.practices[self.inserted_keys[key]]

    # --- identity ---

    def _providers(self, request: dict[str, Any]) -> dict[str, Any]:
        card = [{"key": "cie", "name": "CIE di prova", "kind": "cie"}] if self.card else []
        spid = [{"key": "sandbox", "name": "Gestore di prova"}, {"key": "altro", "name": "Altro gestore"}]
        return {"providers": [{"kind": "spid"} | one for one in [*spid, *card]]}

    def _citizen_session(self) -> dict[str, Any]:
        return {
            "citizen": {
                "id": CITIZEN_ID,
                "fiscal_code": FISCAL_CODE,
                "name": "Mario",
                "family_name": "Rossi",
                "email": self.email,
            },
            "registered": self.registered,
            "spid_level": 2,
            "idle_until": NOW + timedelta(minutes=30),
            "expires_at": NOW + timedelta(hours=8),
        }

    def _session(self, request: dict[str, Any]) -> dict[str, Any]:
        self.session_asked += 1
        if not self.session_live or request["session_token"] != TOKEN:
            raise Refused(ErrorCode.SESSION_EXPIRED)
        if request["entity_code"] in self.strong_entities:
            params = {"entity_code": request["entity_code"], "spid_level": 2, "spid_level_wanted": 3}
            raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, params)
        return self._citizen_session()

    def _start_login(self, request: dict[str, Any]) -> dict[str, Any]:
        query = "" if self.login_fields else "?SAMLRequest=x"
        return {"redirect_url": f"http://localhost:8088/sso{query}", "form_fields": self.login_fields}

    def _finish_login(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "session_token": TOKEN,
            "session": self._citizen_session(),
            "return_to": "/enti/PM108/pratiche",
            "entity_code": "PM108",
        }

    def _register(self, request: dict[str, Any]) -> dict[str, Any]:
        self.registered = True
        return self._citizen_session()

    def _sessions(self, request: dict[str, Any]) -> dict[str, Any]:
        def session(ident: UUID, *, current: bool, minutes: int) -> dict[str, Any]:
            return {
                "id": ident,
                "current": current,
                "created_at": NOW - timedelta(minutes=minutes),
                "last_used_at": NOW,
                "idle_until": NOW + timedelta(minutes=20),
                "spid_level": 2,
                "identity_provider": "Gestore di prova",
            }

        return {"sessions": [session(UUID(int=1), current=True, minutes=5), session(PHONE, current=False, minutes=90)]}

    def _remember_student(self, request: dict[str, Any]) -> dict[str, Any]:
        self.students.insert(0, {"id": UUID(int=len(self.students) + 100), **request["beneficiary"]})
        return {"beneficiaries": self.students}

    def _forget_student(self, request: dict[str, Any]) -> dict[str, Any]:
        self.students = [one for one in self.students if one["id"] != request["beneficiary_id"]]
        return {"beneficiaries": self.students}

    def _privacy(self, request: dict[str, Any]) -> dict[str, Any]:
        history = [
            {
                "at": NOW - timedelta(days=3),
                "purpose": "registration",
                "action": "acknowledged",
                "document_id": "informativa-1",
                "document_version": "1.0",
            }
        ]
        if not (self.registered or self.known):
            return {"documents": DOCUMENTS, "granted": [], "history": []}
        history += [
            {**history[0], "purpose": purpose, "action": "granted", "document_id": self.agreed_document_id}
            for purpose in self.granted
            if purpose != "registration"
        ]
        return {"documents": DOCUMENTS, "granted": self.granted, "history": history}

    def _grant(self, request: dict[str, Any]) -> dict[str, Any]:
        self.granted.append(request["purpose"])
        return self._privacy(request)

    def _revoke(self, request: dict[str, Any]) -> dict[str, Any]:
        self.granted.remove(request["purpose"])
        return self._privacy(request)

    def _renew_calendar(self, _request: dict[str, Any]) -> dict[str, Any]:
        self.calendar_token = secrets.token_urlsafe(32)
        return {"feed_token": self.calendar_token}

    def _revoke_calendar(self, _request: dict[str, Any]) -> dict[str, Any]:
        self.calendar_token = None
        return {}

    def _read_calendar(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["feed_token"] != self.calendar_token:
            raise Refused(ErrorCode.NOT_FOUND)
        return {
            "citizen_id": UUID(int=7),
            "fiscal_code": FISCAL_CODE,
            "language": "it",
            "excluded_entity_codes": self.excluded_entity_codes,
        }

    # --- cart ---

    def _show_cart(self, request: dict[str, Any]) -> dict[str, Any]:
        rows = [self.practices[item] for item in self.cart]
        return {
            "entity_code": "PM108" if rows else None,
            "practices": rows,
            "total_cents": sum(row["amount_cents"] for row in rows if row["payable"]),
        }

    def _add_to_cart(self, request: dict[str, Any]) -> dict[str, Any]:
        if len(self.cart) >= 5:
            raise Refused(ErrorCode.CART_FULL)
        self.cart.append(request["practice_id"])
        return {"count": len(self.cart)}

    def _remove_from_cart(self, request: dict[str, Any]) -> dict[str, Any]:
        self.cart.remove(request["practice_id"])
        return {"count": len(self.cart)}

    def _clear_cart(self, request: dict[str, Any]) -> dict[str, Any]:
        self.cart.clear()
        return {"count": 0}

    def _adopt(self, request: dict[str, Any]) -> dict[str, Any]:
        self.adopted.append((request["visitor"], request["citizen"]))
        return {"count": len(self.cart)}

    # --- payments ---

    def _start_checkout(self, request: dict[str, Any]) -> dict[str, Any]:
        key = request["idempotency_key"]
        if key not in self.checkout_keys:
            checkout = self.make_checkout(request["practice_ids"], request["payer_ref"])
            self.checkout_keys[key] = checkout["id"]
        return self.checkouts[self.checkout_keys[key]]

    def make_checkout(self, practice_ids: list[UUID], payer_ref: str, **changes: Any) -> dict[str, Any]:
        """A visit to pagoPA Checkout."""
        rows = [self.practices[item] for item in practice_ids]
        checkout = {
            "id": uuid4(),
            "entity_code": "PM108",
            "payer_ref": payer_ref,
            "state": "open",
            "created_at": NOW - timedelta(minutes=2),
            "open_until": NOW + timedelta(minutes=28),
            "returned": None,
            "redirect_url": "http://localhost:8089/checkout/page/1",
            "items": [
                {
                    "practice_id": row["id"],
                    "notice_number": row["notice_number"],
                    "description": row["description"],
                    "amount_cents": row["amount_cents"],
                    "paid": False,
                    "paid_at": None,
                    "receipt_id": None,
                }
                for row in rows
            ],
            "total_cents": sum(row["amount_cents"] for row in rows),
        } | changes
        self.checkouts[checkout["id"]] = checkout
        return checkout

    def _checkout(self, request: dict[str, Any]) -> dict[str, Any]:
        checkout = self.checkouts.get(request["checkout_id"])
        if checkout is None or checkout["payer_ref"] != request["payer_ref"]:
            raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
        return checkout

    def _returned(self, request: dict[str, Any]) -> dict[str, Any]:
        checkout = self._checkout(request)
        checkout["returned"] = request["outcome"]
        checkout["state"] = {"ok": "open", "attesa": "open", "annullato": "cancelled", "errore": "failed"}[
            request["outcome"]
        ]
        return checkout

    def _stamp(self) -> dict[str, Any]:
        if self.stamp is None:
            raise Refused(ErrorCode.STAMP_NOT_FOUND)
        content = b64encode(self.stamp).decode()
        return {"file_name": "marca_da_bollo_1.xml", "media_type": "application/xml", "content_base64": content}

    def _pdf(self, name: str) -> dict[str, Any]:
        return {"file_name": name, "media_type": "application/pdf", "content_base64": "JVBERi0xLjcK"}
