"""Entrypoints of practices: each calls one use case."""

from datetime import datetime

from chassis.clock import now
from chassis.runtime.entrypoints import answers, decides_every, every, on_event
from chassis.runtime.providers import DatabaseProvider, ParityProvider, RpcProvider, SettingsProvider
from chassis.storage.database import Tx
from contracts.events.envelope import Event
from contracts.events.payments import (
    CHECKOUT_ABANDONED,
    CHECKOUT_STARTED,
    PAYMENT_CONFIRMED,
    PAYMENT_DUPLICATED,
    PAYMENT_REPORTED,
    CheckoutAbandoned,
    CheckoutStarted,
    PaymentConfirmed,
    PaymentDuplicated,
    PaymentReported,
)
from contracts.rpc import audit, office, practices
from contracts.rpc import office_catalogue as content
from contracts.rpc.parity import (
    PRACTICES_BUCKETS,
    PRACTICES_CHANGED,
    PRACTICES_LINES,
    PRACTICES_TELL_AGAIN,
    Buckets,
    BucketsRequest,
    Changed,
    ChangedRequest,
    Lines,
    LinesRequest,
    TellAgainRequest,
    ToldAgain,
)
from contracts.rpc.practices import (
    AnnulRequest,
    AskAmountsRequest,
    BookedPractice,
    DebtGetRequest,
    DebtListRequest,
    DebtPage,
    DebtRequest,
    DebtsRequest,
    DemandRequest,
    DueDates,
    DueDatesRequest,
    DuplicatesReply,
    Entity,
    EntityNames,
    EntityRequest,
    EventsReply,
    EventsRequest,
    GetManyRequest,
    ImportApplyRequest,
    ImportCancelRequest,
    ImportGetRequest,
    ImportHoldRequest,
    ImportList,
    ImportListRequest,
    ImportPartRequest,
    ImportQueueRequest,
    ImportReport,
    ImportRequest,
    InsertRequest,
    LinkRequest,
    ListRequest,
    MadeLink,
    OpenedLink,
    PaidYearRequest,
    PayLinkRequest,
    PayLinksRevokeRequest,
    PlanRequest,
    Position,
    PositionReply,
    PositionRequest,
    Practice,
    PracticeList,
    PrivateLinkRequest,
    RefusedRows,
    RefusedRowsRequest,
    RevokedLinks,
    SearchRequest,
    Totals,
    TotalsRequest,
    YearPayments,
)
from contracts.shapes import Empty
from services.practices import models
from services.practices.amount_software import AmountSoftware
from services.practices.import_process import ImportProcessProvider
from services.practices.usecases import (
    access_links,
    catalogue,
    catalogue_news,
    closed_options,
    debt_import,
    debtor_list,
    debts,
    demands,
    duplicate_search,
    expiry,
    import_jobs,
    import_reports,
    insertion,
    office_catalogue,
    office_insertion,
    office_plan,
    office_search,
    office_work,
    paid_year,
    parity,
    payment_events,
    queries,
    retention,
    search,
    told_amounts,
)

_EXPIRY_INTERVAL_S = 60
_CLOSING_INTERVAL_S = 2
_IMPORTS_INTERVAL_S = 1
_NEWS_INTERVAL_S = 60
_PARITY_LOOK_S = 10
_FORGETTING_INTERVAL_S = 3600
_LINKS_INTERVAL_S = 3_600
_SEARCHES_INTERVAL_S = 3_600
_RETENTION_INTERVAL_S = 600


class PracticesService:
    """The truth for what is owed."""

    name = "practices"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    rounds = ParityProvider(parity.PROJECTION)
    import_process = ImportProcessProvider()
    software = SettingsProvider(AmountSoftware.load)

    @answers(practices.ENTITY)
    def entity(self, request: EntityRequest) -> Entity:
        """Return an entity and its catalogue."""
        return catalogue.entity(self.database, request)

    @answers(practices.ENTITIES)
    def entities(self, _request: Empty) -> EntityNames:
        """Return the name of every entity."""
        return catalogue.entities(self.database)

    @answers(practices.SEARCH)
    def search(self, request: SearchRequest) -> PracticeList:
        """Find a practice by notice number, or by fiscal code and reference."""
        return search.search(self.database, request, now())

    @answers(practices.LIST)
    def list_practices(self, request: ListRequest) -> PracticeList:
        """Return a page of the viewing citizen's practices."""
        return debtor_list.list_practices(self.database, request, now())

    @answers(practices.TOTALS)
    def totals(self, request: TotalsRequest) -> Totals:
        """Return what the viewing citizen owes and has paid in all."""
        return debtor_list.totals(self.database, request, now())

    @answers(practices.PAID_YEAR)
    def paid_year(self, request: PaidYearRequest) -> YearPayments:
        """Return what was paid in a year for the viewing citizen's practices."""
        return paid_year.paid_year(self.database, request)

    @answers(practices.DUE_DATES)
    def due_dates(self, request: DueDatesRequest) -> DueDates:
        """Return what the viewing citizen has to pay by when."""
        return queries.due_dates(self.database, request, now())

    @answers(practices.GET_MANY)
    def get_many(self, request: GetManyRequest) -> PracticeList:
        """Return practices by id, as far as the viewer may see them."""
        return queries.get_many(self.database, request, now(), self.software)

    @answers(practices.DUPLICATES)
    def equals(self, request: GetManyRequest) -> DuplicatesReply:
        """Return practices that look like the same payment asked for twice."""
        return duplicate_search.duplicates(self.database, request)

    @answers(practices.PLAN)
    def plan(self, request: PlanRequest) -> PracticeList:
        """Return the instalments of a practice's plan."""
        return queries.plan(self.database, request, now())

    @answers(practices.DEBTS)
    def debts(self, request: DebtsRequest) -> PracticeList:
        """Return an entity's debts by its references."""
        return queries.debts(self.database, request, now())

    @answers(practices.DEBT)
    def debt(self, request: DebtGetRequest) -> BookedPractice:
        """Return an entity's debt by its reference."""
        return queries.debt(self.database, request, now())

    @answers(practices.LIST_DEBTS)
    def list_debts(self, request: DebtListRequest) -> DebtPage:
        """Return a page of an entity's practices."""
        return queries.list_debts(self.database, request, now())

    @answers(practices.INSERT)
    def insert(self, request: InsertRequest) -> Practice:
        """Create a spontaneous practice."""
        return insertion.insert(self.database, request, now())

    @answers(practices.DEMAND)
    def demand(self, request: DemandRequest) -> Position:
        """Create a spontaneous practice asked for at a PSP."""
        return demands.demand(self.database, request, now())

    @answers(practices.PUT_DEBT)
    def put_debt(self, request: DebtRequest) -> Practice:
        """Create or amend an entity's debt."""
        return debts.put_debt(self.database, request, now())

    @answers(practices.ANNUL_DEBT)
    def annul_debt(self, request: AnnulRequest) -> Practice:
        """Withdraw an entity's debt."""
        return debts.annul_debt(self.database, request, now())

    @answers(practices.IMPORT)
    def import_debts(self, request: ImportRequest) -> ImportReport:
        """Load an entity's debt file."""
        return debt_import.import_debts(self.database, request, now())

    @answers(practices.GET_IMPORT)
    def get_import(self, request: ImportGetRequest) -> ImportReport:
        """Return the report of an import."""
        return debt_import.get_import(self.database, request)

    @answers(practices.REFUSED_ROWS)
    def refused_rows(self, request: RefusedRowsRequest) -> RefusedRows:
        """Return the refused rows of an import with what they held."""
        return import_reports.refused_rows(self.database, request)

    @answers(practices.IMPORT_PART)
    def import_part(self, request: ImportPartRequest) -> Empty:
        """Take a part of a debt file."""
        return import_jobs.import_part(self.database, request, now())

    @answers(practices.QUEUE_IMPORT)
    def queue_import(self, request: ImportQueueRequest) -> ImportReport:
        """Queue a debt file whose parts are all there."""
        return import_jobs.queue_import(self.database, request, now())

    @answers(practices.APPLY_IMPORT)
    def apply_import(self, request: ImportApplyRequest) -> ImportReport:
        """Load an import that was previewed."""
        return import_jobs.apply_import(self.database, request, now())

    @answers(practices.CANCEL_IMPORT)
    def cancel_import(self, request: ImportCancelRequest) -> ImportReport:
        """Cancel an import."""
        return import_jobs.cancel_import(self.database, request, now())

    @answers(practices.HOLD_IMPORT)
    def hold_import(self, request: ImportHoldRequest) -> ImportReport:
        """Stop an import, or let it go on."""
        return import_jobs.hold_import(self.database, request, now())

    @answers(practices.LIST_IMPORTS)
    def list_imports(self, request: ImportListRequest) -> ImportList:
        """Return the imports of an entity."""
        return import_reports.list_imports(self.database, request)

    @answers(practices.MAKE_PAY_LINK)
    def make_pay_link(self, request: PayLinkRequest) -> MadeLink:
        """Make a link that leads to paying an entity's debt."""
        return access_links.make_pay_link(self.database, request, now())

    @answers(practices.REVOKE_PAY_LINKS)
    def revoke_pay_links(self, request: PayLinksRevokeRequest) -> RevokedLinks:
        """Revoke links to an entity's debt."""
        return access_links.revoke_pay_links(self.database, request, now())

    @answers(practices.MAKE_PRIVATE_LINK)
    def make_private_link(self, request: PrivateLinkRequest) -> MadeLink:
        """Make the link by which who inserted without login comes back."""
        return access_links.make_private_link(self.database, request, now())

    @answers(practices.OPEN_LINK)
    def open_link(self, request: LinkRequest) -> OpenedLink:
        """Return what a link leads to."""
        return access_links.open_link(self.database, request, now())

    @answers(practices.REVOKE_PRIVATE_LINK)
    def revoke_private_link(self, request: LinkRequest) -> RevokedLinks:
        """Revoke a private link."""
        return access_links.revoke_private_link(self.database, request, now())

    @answers(practices.POSITIONS)
    def positions(self, request: PositionRequest) -> PositionReply:
        """Return what payments needs to answer the node."""
        return queries.positions(self.database, request)

    @answers(practices.ASK_AMOUNTS)
    def ask_amounts(self, request: AskAmountsRequest) -> PositionReply:
        """Return what payments needs, with the amounts that the entities' software says now."""
        return told_amounts.ask_amounts(self.database, self.software, request, now())

    @answers(office.FIND)
    def office_find(self, request: office.FindRequest) -> office.FoundPractices:
        """Find practices for an entity's office."""
        return office_work.find(self.database, request, now())

    @answers(office.SAVE_SEARCH)
    def office_save_search(self, request: office.SaveSearchRequest) -> office.OfficeSearch:
        """Store what an operator looks for."""
        return office_search.save(self.database, request, now())

    @answers(office.OPEN_SEARCH)
    def office_open_search(self, request: office.OpenSearchRequest) -> office.OfficeSearch:
        """Return a search that was stored."""
        return office_search.open_search(self.database, request)

    @answers(content.OFFICE_CATALOGUE)
    def office_catalogue(self, request: content.CatalogueRequest) -> content.OfficeCatalogue:
        """Return an entity's catalogue as its office changes it."""
        return office_catalogue.show(self.database, request)

    @answers(content.PUBLISH_SERVICE)
    def publish_service(self, request: content.PublishServiceRequest) -> content.Published:
        """Publish a service, or try it out."""
        return office_catalogue.publish_service(self.database, request, now())

    @answers(content.WITHDRAW_SERVICE)
    def withdraw_service(self, request: content.WithdrawServiceRequest) -> content.Published:
        """Take a service out of the catalogue."""
        return office_catalogue.withdraw_service(self.database, request, now())

    @answers(content.PUBLISH_LOGO)
    def publish_logo(self, request: content.PublishLogoRequest) -> content.Published:
        """Publish another logo."""
        return office_catalogue.publish_logo(self.database, request, now())

    @answers(content.LOGO)
    def logo(self, request: content.LogoRequest) -> content.LogoContent:
        """Return a logo that was published."""
        return office_catalogue.logo(self.database, request)

    @answers(content.PUBLISH_ENTITY)
    def publish_entity(self, request: content.PublishEntityRequest) -> content.Published:
        """Publish what people read of the entity."""
        return office_catalogue.publish_entity(self.database, request, now())

    @answers(office.OFFICE_PRACTICE)
    def office_practice(self, request: office.OfficePracticeRequest) -> office.OfficePracticeReply:
        """Return a practice and who changed what of it."""
        return office_work.show(self.database, request, now())

    @answers(office.INSERT)
    def office_insert(self, request: office.OfficeInsertRequest) -> office.OfficePractice:
        """Create a debt that an operator typed in."""
        return office_insertion.insert(self.database, request, now())

    @answers(office.INSERT_PLAN)
    def office_insert_plan(self, request: office.OfficePlanRequest) -> office.FoundPractices:
        """Create a plan of instalments that an operator typed in."""
        return office_plan.insert_plan(self.database, request, now())

    @answers(office.AMEND)
    def office_amend(self, request: office.AmendRequest) -> office.OfficePractice:
        """Give a practice another amount or due date."""
        return office_work.amend(self.database, request, now())

    @answers(office.ANNUL)
    def office_annul(self, request: office.OfficeAnnulRequest) -> office.OfficePractice:
        """Withdraw a practice."""
        return office_work.annul(self.database, request, now())

    @answers(office.RESTORE)
    def office_restore(self, request: office.RestoreRequest) -> office.OfficePractice:
        """Take an annulment back."""
        return office_work.restore(self.database, request, now())

    @answers(office.SELECTION)
    def office_selection(self, request: office.SelectionRequest) -> office.Selection:
        """Return the references of debts to print."""
        return office_work.selection(self.database, request)

    @answers(office.IMPORT_MISSING)
    def office_import_missing(self, request: office.ImportMissingRequest) -> office.FoundPractices:
        """Return the debts that a previewed file does not name."""
        return office_work.import_missing(self.database, request, now())

    @answers(audit.PRACTICES_AUDIT)
    def audit(self, request: audit.AuditRequest) -> audit.AuditPage:
        """Return a page of the audit of practices."""
        return office_work.audit(self.database, request)

    @answers(practices.EVENTS)
    def events(self, request: EventsRequest) -> EventsReply:
        """Return a page of the events published."""
        return queries.events(self.database, request)

    @answers(PRACTICES_BUCKETS)
    def parity_buckets(self, request: BucketsRequest) -> Buckets:
        """Count and hash what payments' positions are compared with."""
        return parity.positions(self.database).buckets(request)

    @answers(PRACTICES_LINES)
    def parity_lines(self, request: LinesRequest) -> Lines:
        """Return what payments' positions are compared with, practice by practice."""
        return parity.positions(self.database).lines(request)

    @answers(PRACTICES_CHANGED)
    def parity_changed(self, request: ChangedRequest) -> Changed:
        """Return which practices events were about."""
        return parity.changed(self.database, request)

    @answers(PRACTICES_TELL_AGAIN)
    def tell_again(self, request: TellAgainRequest) -> ToldAgain:
        """Return the events about practices once more."""
        return parity.tell_again(self.database, request)

    @on_event(CHECKOUT_STARTED)
    def on_checkout_started(self, tx: Tx, event: Event[CheckoutStarted]) -> None:
        """Show the practices as Non confermato."""
        payment_events.checkout_started(tx, event.data)

    @on_event(CHECKOUT_ABANDONED)
    def on_checkout_abandoned(self, tx: Tx, event: Event[CheckoutAbandoned]) -> None:
        """Free the practices of a checkout that ended without payment."""
        payment_events.checkout_abandoned(tx, event.data)

    @on_event(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx: Tx, event: Event[PaymentConfirmed]) -> None:
        """Mark the practice paid."""
        payment_events.payment_confirmed(tx, event.data)

    @on_event(PAYMENT_DUPLICATED)
    def on_payment_duplicated(self, tx: Tx, event: Event[PaymentDuplicated]) -> None:
        """Flag the practice for a human."""
        payment_events.payment_duplicated(tx, event.data)

    @on_event(PAYMENT_REPORTED)
    def on_payment_reported(self, tx: Tx, event: Event[PaymentReported]) -> None:
        """Mark the practice reported."""
        payment_events.payment_reported(tx, event.data, event.time)

    @every(seconds=_IMPORTS_INTERVAL_S)
    def load_imports(self) -> None:
        """Have queued debt files loaded."""
        self.import_process.start_if_needed(self.database)

    @every(seconds=_NEWS_INTERVAL_S)
    def tell_changed_services(self) -> None:
        """Tell payments what the catalogue now says of practices it has been told of."""
        catalogue_news.tell_all(self.database, now())

    @decides_every(seconds=_PARITY_LOOK_S)
    def prove_states(self, now: datetime) -> None:
        """Compare the states with payments, every PARITY_EVERY_S."""
        parity.prove_states(self.database, self.rpc, self.rounds, now)

    @decides_every(seconds=_FORGETTING_INTERVAL_S)
    def forget_refused_rows(self, now: datetime) -> None:
        """Forget what rows held that were refused long ago."""
        import_reports.forget_refused(self.database, now)

    @decides_every(seconds=_RETENTION_INTERVAL_S)
    def forget_persons(self, now: datetime) -> None:
        """Forget whom old practices and files were about."""
        retention.forget(self.database, self.rpc, now)

    @decides_every(seconds=_CLOSING_INTERVAL_S)
    def close_options(self, now: datetime) -> None:
        """Close the other options of debt positions that money has come for."""
        closed_options.close_options(self.database, now)

    @decides_every(seconds=_SEARCHES_INTERVAL_S)
    def purge_searches(self, now: datetime) -> None:
        """Delete what offices looked for long ago."""
        office_search.purge(self.database, now)

    @decides_every(seconds=_LINKS_INTERVAL_S)
    def purge_links(self, now: datetime) -> None:
        """Delete the links that ended long ago."""
        access_links.purge(self.database, now)

    @decides_every(seconds=_EXPIRY_INTERVAL_S)
    def expire_overdue(self, now: datetime) -> None:
        """Let practices expire where the service refuses late payment."""
        expiry.expire_overdue(self.database, now)
