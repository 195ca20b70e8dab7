"""The services behind the pages, as the pages meet them: answers by `Call`, kept in memory."""

import secrets
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.messaging import codec, rpc_errors
from contracts.call import AnyCall, Call, Reply, Request
from contracts.codes import AmountCents, CreditorFiscalCode, FiscalCode, Iban, NoticeNumber
from contracts.error_details import ChangedMeanwhile, SpidLevelTooLow
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.message import Message
from contracts.rpc import cart, identity, money_cases, notices, payments, practices
from contracts.rpc.identity import RememberedBeneficiary
from contracts.rpc.payments import Checkout, CheckoutItem, Receipt, TimelineEntry
from contracts.rpc.practices import CatalogueService, DatedPractice, Entity, Practice
from contracts.shapes import Creditor, Empty, LocalisedText, Subject

NOW = datetime.now(UTC).replace(microsecond=0)
CITIZEN_ID = UUID("6f3f8f0a-58a5-4d39-9d8e-2f8f4a0c5b11")
FISCAL_CODE = FiscalCode("RSSMRA85T10A562S")
TOKEN = "t" * 43
DEBTOR = Subject(entity_type="F", fiscal_code=FISCAL_CODE, full_name="Mario Rossi")
SOMEBODY_ELSE = Subject(entity_type="F", fiscal_code="VRDLCU90A01F839X", full_name="L V")


def make_practice(number: int, **changes: Any) -> Practice:
    """A practice of Mario Rossi, to pay; `number` makes its codes."""
    digits = f"301{number:013d}"
    notice_number = NoticeNumber(digits + f"{int(digits) % 93:02d}")
    practice = Practice(
        id=UUID(int=number),
        entity_code="PM108",
        creditor_name="Conservatorio di Musica «Niccolò Jommelli»",
        service_code="TARI",
        service_title=LocalisedText(it="Tassa rifiuti (TARI)", en="Waste tax (TARI)"),
        origin="issued",
        external_id=f"TARI-2026-{number:05d}",
        debtor=DEBTOR,
        description=f"TARI 2026; acconto {number}; utenza di via Duomo 12",
        amount_cents=AmountCents(21450),
        notice_number=notice_number,
        iuv=notice_number.iuv,
        due_date=date(2026, 12, 2),
        state="to_pay",
        state_since=NOW - timedelta(days=20),
        overdue=False,
        payable=True,
        created_at=NOW - timedelta(days=20),
    )
    return replace(practice, **changes)


def make_receipt(practice: Practice, receipt_id: str, **changes: Any) -> Receipt:
    """A receipt of the node for a practice."""
    receipt = Receipt(
        receipt_id=receipt_id,
        practice_id=practice.id,
        entity_code=practice.entity_code,
        creditor_fiscal_code=CreditorFiscalCode("80012345676"),
        company_name=practice.creditor_name,
        notice_number=practice.notice_number,
        iuv=practice.iuv,
        amount_cents=practice.amount_cents,
        description=practice.description,
        debtor=practice.debtor,
        psp_id="ABI00001",
        psp_name="Banca di prova",
        transfers=[],
        paid_at=NOW,
        received_at=NOW,
    )
    return replace(receipt, **changes)


def make_service(code: str, title: str, **rules: Any) -> CatalogueService:
    """A service of the catalogue, offered for spontaneous insertion."""
    service = CatalogueService(
        code=code,
        title=LocalisedText(it=title, en=f"{title} (en)"),
        note=LocalisedText(it="È possibile prenotare blocchetti da 25 Euro", en="Booklets of 25 Euro can be booked"),
        category="9/0601126IM/",
        spontaneous=True,
        allows_anonymous=False,
        requires_beneficiary=False,
        accepts_late=True,
    )
    return replace(service, **rules)


ENTITY = Entity(
    code="PM108",
    creditor=Creditor(
        code="PM108",
        fiscal_code=CreditorFiscalCode("80012345676"),
        company_name="Conservatorio di Musica «Niccolò Jommelli»",
        office_name="Segreteria didattica",
        broker_fiscal_code=CreditorFiscalCode("80012345676"),
        station_id="80012345676_01",
    ),
    website="https://www.conservatorio-jommelli.example",
    contact_email="pagamenti@conservatorio-jommelli.example",
    logo="pm108.svg",
    services=[
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
)


def _document(document_id: str, purpose: str, title: str) -> identity.PrivacyDocument:
    text = f"{title}: il testo.\n\nSecondo paragrafo, che dice perché e per quanto tempo."
    return identity.PrivacyDocument(
        id=document_id,
        purpose=purpose,
        version="1.0",
        valid_from=date(2026, 1, 1),
        title={"it": title, "en": f"{title} (en)"},
        text={"it": text, "en": text},
    )


PHONE = UUID(int=2)

DOCUMENTS = [
    _document("informativa-1", "registration", "Informativa sul trattamento dei dati personali"),
    _document("promemoria-1", "email_reminders", "Promemoria per e-mail prima delle scadenze"),
]

Answer = Callable[[Any], Message]


class Services:
    """Five services in memory. `practices` and the other fields are what a test arranges and looks at.

    `failures` makes a call or a whole service fail, by its name.
    """

    def __init__(self) -> None:
        self.entity = ENTITY
        self.practices: dict[UUID, Practice] = {}
        self.links: dict[str, practices.OpenedLink] = {}
        self.plans: list[practices.ListedPlan] = []
        self.totals = practices.Totals(unpaid=practices.Sum(), overdue=practices.Sum(), paid=practices.Sum())
        self.registered = True
        self.known = False
        self.card = False
        self.login_fields: dict[str, str] | None = None
        self.stamp: bytes | None = None
        self.strong_entities: set[str] = set()
        self.beneficiaries: list[RememberedBeneficiary] = []
        self.session_live = True
        self.session_asked = 0
        self.duplicates: dict[UUID, list[UUID]] = {}
        self.cart: list[UUID] = []
        self.adopted: list[tuple[str, str]] = []
        self.checkouts: dict[UUID, Checkout] = {}
        self.checkout_keys: dict[str, UUID] = {}
        self.inserted_keys: dict[str, UUID] = {}
        self.granted = ["registration"]
        self.agreed_document_id = "promemoria-1"
        self.address_refused = False
        self.calendar_token: str | None = None
        self.excluded_entity_codes: list[str] = []
        self.revision = 2
        self.timeline: list[TimelineEntry] = []
        self.receipts: list[Receipt] = []
        self.payer_cases: list[money_cases.PayerCase] = []
        self.verified: dict[str, notices.Verification] = {}
        self.failures: dict[str, Exception] = {}
        self.calls: list[tuple[str, Any, str | None]] = []
        self.ended_sessions = 0
        self.login_purposes: list[str] = []
        self.eidas = False
        self.organization: identity.Organization | None = None
        self.other_bodies: set[str] = set()
        """Entities that want a login of their own."""
        self.email: str | None = "mario.rossi@posta.example"
        self.answers: dict[str, Answer] = {call.name: answer for call, answer in self._table().items()}

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        """Answer as the service would: both ways through the contract's schemas."""
        assert isinstance(request, call.request_type), f"{call.name} does not take {type(request).__name__}"
        asked = call.request.load(call.request.dump(codec.checked(request)))
        self.calls.append((call.name, asked, correlation_id))
        failure = self.failures.get(call.name) or self.failures.get(call.service)
        if isinstance(failure, RpcError):
            raise rpc_errors.from_wire(rpc_errors.to_wire(failure))
        if failure:
            raise failure
        reply: Any = codec.checked(self.answers[call.name](asked))
        assert isinstance(reply, call.reply_type), call.name
        answered: Reply = call.reply.load(call.reply.dump(reply))
        return answered

    def add(self, *made: Practice) -> None:
        """Put practices into the list."""
        self.practices.update({practice.id: practice for practice in made})

    def answer(self, call: AnyCall, answer: Answer) -> None:
        """From now on answer a procedure in another way."""
        self.answers[call.name] = answer

    def asked(self, call: Call[Request, Reply]) -> list[Request]:
        """The requests a procedure got."""
        return [request for name, request, _ in self.calls if name == call.name]

    def _table(self) -> dict[AnyCall, Answer]:
        return {
            **self._pings(),
            **self._of_practices(),
            **self._of_identity(),
            **self._of_cart(),
            **self._of_the_rest(),
        }

    def _pings(self) -> dict[AnyCall, Answer]:
        pings = (identity.PING, practices.PING, cart.PING, payments.PING, notices.PING)
        return dict.fromkeys(pings, lambda _: Empty())

    def _of_practices(self) -> dict[AnyCall, Answer]:
        return {
            practices.ENTITY: self._entity,
            practices.ENTITIES: self._entities,
            practices.SEARCH: self._search,
            practices.LIST: self._list,
            practices.TOTALS: lambda _: self.totals,
            practices.GET_MANY: self._get_many,
            practices.INSERT: self._insert,
            practices.DUPLICATES: self._duplicates,
            practices.DUE_DATES: self._due_dates,
            practices.MAKE_PRIVATE_LINK: self._make_private_link,
            practices.OPEN_LINK: self._open_link,
            practices.REVOKE_PRIVATE_LINK: lambda asked: practices.RevokedLinks(
                count=len([self.links.pop(asked.link_token, None)])
            ),
            practices.PAID_YEAR: lambda _: practices.YearPayments(payments=[]),
            practices.PLAN: self._plan,
        }

    def _of_identity(self) -> dict[AnyCall, Answer]:
        return {
            identity.PROVIDERS: self._providers,
            identity.METADATA: lambda _: identity.Metadata(xml="<EntityDescriptor/>"),
            identity.START_LOGIN: self._start_login,
            identity.FINISH_LOGIN: self._finish_login,
            identity.SESSION: self._session,
            identity.LOGOUT: lambda _: Empty(),
            identity.LOGOUT_EVERYWHERE: lambda _: Empty(),
            identity.SESSIONS: self._sessions,
            identity.END_SESSION: self._sessions,
            identity.BENEFICIARIES: lambda _: identity.Beneficiaries(beneficiaries=self.beneficiaries),
            identity.REMEMBER_BENEFICIARY: self._remember_beneficiary,
            identity.FORGET_BENEFICIARY: self._forget_beneficiary,
            identity.SLO: lambda _: identity.Slo(destination="http://localhost:8088/slo", saml_response="eA=="),
            identity.REGISTER: self._register,
            identity.PRIVACY: self._privacy,
            identity.GRANT: self._grant,
            identity.REVOKE: self._revoke,
            identity.EXPORT: lambda _: identity.Export(data={"fiscal_code": FISCAL_CODE}),
            identity.CALENDAR_FEED: lambda _: identity.CalendarFeed(created_at=NOW if self.calendar_token else None),
            identity.RENEW_CALENDAR_FEED: self._renew_calendar,
            identity.REVOKE_CALENDAR_FEED: self._revoke_calendar,
            identity.CALENDAR_READER: self._read_calendar,
        }

    def _of_cart(self) -> dict[AnyCall, Answer]:
        return {
            cart.SHOW: self._show_cart,
            cart.COUNT: lambda _: cart.Count(count=len(self.cart)),
            cart.ADD: self._add_to_cart,
            cart.REMOVE: self._remove_from_cart,
            cart.CLEAR: self._clear_cart,
            cart.ADOPT: self._adopt,
        }

    def _of_the_rest(self) -> dict[AnyCall, Answer]:
        nobodys = notices.Verification(genuine=False)
        return {
            payments.START_CHECKOUT: self._start_checkout,
            payments.CHECKOUT: self._checkout,
            payments.RETURNED: self._returned,
            payments.PA_FOR_NODE: lambda asked: payments.NodeReply(
                envelope=f"<answer>{len(asked.envelope)}</answer>", status=200
            ),
            payments.PAYMENT_OPTIONS: lambda asked: payments.PaymentOptionsReply(
                status=200, body={"organizationFiscalCode": asked.organization_fiscal_code}
            ),
            payments.STAMP: lambda _: self._stamp(),
            payments.RECEIPTS: lambda _: payments.Receipts(receipts=self.receipts),
            money_cases.PAYER_CASES: lambda _: money_cases.PayerCases(cases=self.payer_cases),
            money_cases.ASK_REFUND: self._ask_refund,
            payments.TIMELINE: lambda _: payments.Timeline(entries=self.timeline),
            notices.MAIL_LINK: lambda _: Empty(),
            notices.YEAR_SUMMARY: lambda _: self._pdf("pagamenti.pdf"),
            notices.NOTICE: lambda _: self._pdf("avviso.pdf"),
            notices.RECEIPT: lambda _: self._pdf("quietanza.pdf"),
            notices.CART_RECEIPT: lambda _: self._pdf("quietanza.pdf"),
            notices.VERIFY: lambda asked: self.verified.get(asked.code, nobodys),
            notices.MAILING: lambda _: notices.Mailing(address_refused=self.address_refused),
        }

    # --- practices ---

    def _entities(self, _asked: Empty) -> practices.EntityNames:
        name = practices.EntityName(code=ENTITY.code, company_name=ENTITY.creditor.company_name)
        return practices.EntityNames(entities=[name])

    def _entity(self, asked: practices.EntityRequest) -> Entity:
        if asked.entity_code != "PM108":
            raise Refused(ErrorCode.UNKNOWN_ENTITY)
        return self.entity

    def _search(self, asked: practices.SearchRequest) -> practices.PracticeList:
        def matches(practice: Practice) -> bool:
            by_notice = practice.notice_number == asked.notice_number
            by_reference = asked.reference in {practice.iuv, practice.external_id}
            return by_notice or (practice.debtor.fiscal_code == asked.fiscal_code and by_reference)

        found = [practice for practice in self.practices.values() if matches(practice)]
        if not found:
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        masked = asked.fiscal_code is None
        return practices.PracticeList(practices=[replace(practice, masked=masked) for practice in found])

    def _plan(self, asked: practices.PlanRequest) -> practices.PracticeList:
        one = self.practices[asked.practice_id]
        together = [practice for practice in self.practices.values() if practice.debt_position == one.debt_position]
        return practices.PracticeList(practices=together)

    def _duplicates(self, asked: practices.GetManyRequest) -> practices.DuplicatesReply:
        found = {practice_id: self.duplicates.get(practice_id, []) for practice_id in asked.practice_ids}
        return practices.DuplicatesReply(
            equals=[
                practices.PracticeDuplicates(practice_id=key, equal_ids=equal) for key, equal in found.items() if equal
            ]
        )

    def _make_private_link(self, asked: practices.PrivateLinkRequest) -> practices.MadeLink:
        token = f"private-{len(self.links)}"
        self.links[token] = practices.OpenedLink(
            kind="private", entity_code="PM108", practice_ids=asked.practice_ids, expires_at=NOW
        )
        return practices.MadeLink(id=UUID(int=9), link_token=token, expires_at=NOW)

    def _open_link(self, asked: practices.LinkRequest) -> practices.OpenedLink:
        if asked.link_token not in self.links:
            raise Refused(ErrorCode.LINK_NOT_VALID)
        return self.links[asked.link_token]

    def _due_dates(self, _asked: practices.DueDatesRequest) -> practices.DueDates:
        def dated(practice: Practice) -> DatedPractice:
            same: Any = {one.name: getattr(practice, one.name) for one in fields(practice)}
            return DatedPractice(**same, revision=self.revision)

        return practices.DueDates(practices=[dated(one) for one in self.practices.values() if one.due_date])

    def _list(self, asked: practices.ListRequest) -> practices.PracticeList:
        mine = [
            practice
            for practice in self.practices.values()
            if practice.debtor.fiscal_code == asked.viewer.fiscal_code
            and (not asked.states or practice.state in asked.states)
            and asked.paid_year in (None, practice.paid_at and practice.paid_at.year)
            and (not asked.text or asked.text in practice.description)
        ]
        start = int(asked.cursor or 0)
        end = start + asked.limit
        return practices.PracticeList(
            practices=mine[start:end], next_cursor=str(end) if end < len(mine) else None, plans=self.plans
        )

    def _get_many(self, asked: practices.GetManyRequest) -> practices.PracticeList:
        found = [self.practices[item] for item in asked.practice_ids if item in self.practices]
        return practices.PracticeList(
            practices=[
                practice
                for practice in found
                if practice.debtor.fiscal_code == asked.viewer.fiscal_code
                or practice.id in asked.viewer.granted_practice_ids
            ]
        )

    def _insert(self, asked: practices.InsertRequest) -> Practice:
        key = asked.idempotency_key
        if key not in self.inserted_keys:
            student = asked.beneficiary
            named = [student.full_name, student.course, student.school, student.contribution_type] if student else []
            made = make_practice(
                1000 + len(self.inserted_keys),
                origin="spontaneous",
                external_id=None,
                debtor=asked.debtor or Subject(entity_type="F", fiscal_code="ANONIMO", full_name=named[0]),
                beneficiary=student,
                amount_cents=AmountCents(asked.amount_cents),
                description=asked.description or " - ".join(named) or "Composta dei campi",
                service_code=asked.service_code,
            )
            self.add(made)
            self.inserted_keys[key] = made.id
        return self.practices[self.inserted_keys[key]]

    # --- identity ---

    def _providers(self, _asked: Empty) -> identity.IdentityProviders:
        card = [identity.IdentityProvider(key="cie", name="CIE di prova", kind="cie")] if self.card else []
        spid = [
            identity.IdentityProvider(key="sandbox", name="Gestore di prova"),
            identity.IdentityProvider(key="altro", name="Altro gestore"),
        ]
        node = [identity.IdentityProvider(key="eidas", name="eIDAS", kind="eidas")] if self.eidas else []
        return identity.IdentityProviders(providers=[*spid, *card, *node], purposes=self.login_purposes)

    def _citizen_session(self) -> identity.Session:
        citizen = identity.Citizen(
            id=CITIZEN_ID, fiscal_code=FiscalCode(FISCAL_CODE), name="Mario", family_name="Rossi", email=self.email
        )
        return identity.Session(
            citizen=citizen,
            registered=self.registered,
            spid_level=2,
            idle_until=NOW + timedelta(minutes=30),
            expires_at=NOW + timedelta(hours=8),
            organization=self.organization,
        )

    def _session(self, asked: identity.SessionRequest) -> identity.Session:
        self.session_asked += 1
        if not self.session_live or asked.session_token != TOKEN:
            raise Refused(ErrorCode.SESSION_EXPIRED)
        if asked.entity_code in self.other_bodies:
            raise Refused(ErrorCode.LOGIN_REQUIRED)
        if asked.entity_code and asked.entity_code in self.strong_entities:
            detail = SpidLevelTooLow(entity_code=asked.entity_code, spid_level=2, spid_level_wanted=3)
            raise Refused(ErrorCode.SPID_LEVEL_TOO_LOW, detail)
        return self._citizen_session()

    def _start_login(self, _asked: identity.StartLoginRequest) -> identity.StartLogin:
        query = "" if self.login_fields else "?SAMLRequest=x"
        return identity.StartLogin(redirect_url=f"http://localhost:8088/sso{query}", form_fields=self.login_fields)

    def _finish_login(self, _asked: identity.FinishLoginRequest) -> identity.FinishLogin:
        return identity.FinishLogin(
            session_token=TOKEN,
            session=self._citizen_session(),
            return_to="/enti/PM108/pratiche",
            entity_code="PM108",
            ended_sessions=self.ended_sessions,
        )

    def _register(self, _asked: identity.RegisterRequest) -> identity.Session:
        self.registered = True
        return self._citizen_session()

    def _sessions(self, _asked: identity.TokenRequest) -> identity.OwnSessions:
        def session(ident: UUID, *, current: bool, minutes: int) -> identity.OwnSession:
            return identity.OwnSession(
                id=ident,
                current=current,
                created_at=NOW - timedelta(minutes=minutes),
                last_used_at=NOW,
                idle_until=NOW + timedelta(minutes=20),
                spid_level=2,
                identity_provider="Gestore di prova",
            )

        return identity.OwnSessions(
            sessions=[session(UUID(int=1), current=True, minutes=5), session(PHONE, current=False, minutes=90)]
        )

    def _remember_beneficiary(self, asked: identity.RememberBeneficiaryRequest) -> identity.Beneficiaries:
        student = asked.beneficiary
        remembered = RememberedBeneficiary(
            id=UUID(int=len(self.beneficiaries) + 100),
            full_name=student.full_name,
            course=student.course,
            school=student.school,
            contribution_type=student.contribution_type,
        )
        self.beneficiaries.insert(0, remembered)
        return identity.Beneficiaries(beneficiaries=self.beneficiaries)

    def _forget_beneficiary(self, asked: identity.ForgetBeneficiaryRequest) -> identity.Beneficiaries:
        self.beneficiaries = [one for one in self.beneficiaries if one.id != asked.beneficiary_id]
        return identity.Beneficiaries(beneficiaries=self.beneficiaries)

    def _privacy(self, _asked: Message) -> identity.Privacy:
        acknowledged = identity.ConsentEvent(
            at=NOW - timedelta(days=3),
            purpose="registration",
            action="acknowledged",
            document_id="informativa-1",
            document_version="1.0",
        )
        if not (self.registered or self.known):
            return identity.Privacy(documents=DOCUMENTS, granted=[], history=[])
        granted = [
            replace(acknowledged, purpose=purpose, action="granted", document_id=self.agreed_document_id)
            for purpose in self.granted
            if purpose != "registration"
        ]
        return identity.Privacy(documents=DOCUMENTS, granted=self.granted, history=[acknowledged, *granted])

    def _grant(self, asked: identity.PurposeRequest) -> identity.Privacy:
        self.granted.append(asked.purpose)
        return self._privacy(asked)

    def _revoke(self, asked: identity.PurposeRequest) -> identity.Privacy:
        self.granted.remove(asked.purpose)
        return self._privacy(asked)

    def _renew_calendar(self, _asked: identity.RenewCalendarFeedRequest) -> identity.CalendarFeedToken:
        self.calendar_token = secrets.token_urlsafe(32)
        return identity.CalendarFeedToken(feed_token=self.calendar_token)

    def _revoke_calendar(self, _asked: identity.TokenRequest) -> Empty:
        self.calendar_token = None
        return Empty()

    def _read_calendar(self, asked: identity.CalendarReaderRequest) -> identity.CalendarReader:
        if asked.feed_token != self.calendar_token:
            raise Refused(ErrorCode.NOT_FOUND)
        return identity.CalendarReader(
            citizen_id=UUID(int=7),
            fiscal_code=FiscalCode(FISCAL_CODE),
            language="it",
            excluded_entity_codes=self.excluded_entity_codes,
        )

    # --- cart ---

    def _show_cart(self, _asked: cart.CartRequest) -> cart.Cart:
        rows = [self.practices[item] for item in self.cart]
        return cart.Cart(
            entity_code="PM108" if rows else None,
            practices=rows,
            total_cents=sum(row.amount_cents for row in rows if row.payable),
        )

    def _add_to_cart(self, asked: cart.CartItemRequest) -> cart.Count:
        if len(self.cart) >= 5:
            raise Refused(ErrorCode.CART_FULL)
        self.cart.append(asked.practice_id)
        return cart.Count(count=len(self.cart))

    def _remove_from_cart(self, asked: cart.CartItemRequest) -> cart.Count:
        self.cart = [one for one in self.cart if one != asked.practice_id]
        return cart.Count(count=len(self.cart))

    def _clear_cart(self, _asked: cart.CountRequest) -> cart.Count:
        self.cart.clear()
        return cart.Count(count=0)

    def _adopt(self, asked: cart.AdoptRequest) -> cart.Count:
        self.adopted.append((asked.visitor, asked.citizen))
        return cart.Count(count=len(self.cart))

    # --- payments ---

    def _ask_refund(self, asked: money_cases.AskRefundRequest) -> money_cases.PayerCase:
        found = next((one for one in self.payer_cases if one.id == asked.case_id), None)
        if found is None:
            raise Refused(ErrorCode.MONEY_CASE_NOT_FOUND)
        if found.version != asked.version:
            raise Refused(ErrorCode.CHANGED_MEANWHILE, ChangedMeanwhile(version=found.version))
        told = replace(found, version=found.version + 1, state="refund_asked", iban=Iban.typed(asked.iban).masked)
        self.payer_cases = [told]
        return told

    def _start_checkout(self, asked: payments.StartCheckoutRequest) -> Checkout:
        key = asked.idempotency_key
        if key not in self.checkout_keys:
            self.checkout_keys[key] = self.make_checkout(asked.practice_ids, asked.payer_ref).id
        return self.checkouts[self.checkout_keys[key]]

    def make_checkout(
        self, practice_ids: Sequence[UUID], payer_ref: str, *, paid: Sequence[UUID] = (), **changes: Any
    ) -> Checkout:
        """A visit to pagoPA Checkout; `paid`: the practices of which it has a receipt."""
        rows = [self.practices[item] for item in practice_ids]
        checkout = Checkout(
            id=uuid4(),
            entity_code="PM108",
            payer_ref=payer_ref,
            state="open",
            created_at=NOW - timedelta(minutes=2),
            open_until=NOW + timedelta(minutes=28),
            redirect_url="http://localhost:8089/checkout/page/1",
            items=[
                CheckoutItem(
                    practice_id=row.id,
                    notice_number=row.notice_number,
                    description=row.description,
                    amount_cents=row.amount_cents,
                    paid=row.id in paid,
                )
                for row in rows
            ],
            total_cents=sum(row.amount_cents for row in rows),
        )
        checkout = replace(checkout, **changes)
        self.checkouts[checkout.id] = checkout
        return checkout

    def _checkout(self, asked: payments.CheckoutRequest) -> Checkout:
        checkout = self.checkouts.get(asked.checkout_id)
        if checkout is None or checkout.payer_ref != asked.payer_ref:
            raise Refused(ErrorCode.CHECKOUT_NOT_FOUND)
        return checkout

    def _returned(self, asked: payments.ReturnedRequest) -> Checkout:
        states = {"ok": "open", "attesa": "open", "annullato": "cancelled", "errore": "failed"}
        checkout = replace(self._checkout(asked), returned=asked.outcome, state=states[asked.outcome])
        self.checkouts[checkout.id] = checkout
        return checkout

    def _stamp(self) -> payments.StampFile:
        if self.stamp is None:
            raise Refused(ErrorCode.STAMP_NOT_FOUND)
        content = b64encode(self.stamp).decode()
        return payments.StampFile(
            file_name="marca_da_bollo_1.xml", media_type="application/xml", content_base64=content
        )

    def _pdf(self, name: str) -> notices.Document:
        return notices.Document(file_name=name, media_type="application/pdf", content_base64="JVBERi0xLjcK")
