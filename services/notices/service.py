"""Entrypoints of notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.clock import now
from chassis.runtime.entrypoints import answers, decides_every, every, on_events
from chassis.runtime.providers import DatabaseProvider, ParityProvider, Provider, RpcProvider, SettingsProvider
from chassis.storage.database import Tx
from chassis.storage.database_clock import database_time
from contracts.events.envelope import Event
from contracts.events.identity import CONSENT_GRANTED, CONSENT_REVOKED, ConsentChanged
from contracts.events.payments import PAYMENT_CONFIRMED, WEBHOOK_DISABLED, PaymentConfirmed, WebhookDisabled
from contracts.events.practices import (
    PRACTICE_AMENDED,
    PRACTICE_CANCELLED,
    PRACTICE_CREATED,
    PRACTICE_EXPIRED,
    PracticeEnded,
)
from contracts.rpc import notices
from contracts.rpc.practices import Position
from contracts.shapes import Empty
from services.notices import models
from services.notices.documents.renderers import Renderers
from services.notices.documents.usecases import (
    day_report,
    document_store,
    notice,
    print_jobs,
    receipt,
    verification,
    year_summary,
)
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.mail.usecases import (
    bounces,
    delivery,
    entity_mail,
    invitation,
    mail_queue,
    parity,
    private_link,
    projection,
    retention,
)
from services.notices.mail.usecases.dependencies import MailDependencies
from services.notices.settings import Settings

_PURGE_INTERVAL_S = 3_600
_JOBS_INTERVAL_S = 2
_MAIL_NEWS_INTERVAL_S = 4
_MAIL_REMINDERS_INTERVAL_S = 60
_MAIL_SENDING_INTERVAL_S = 2
_MAILS_AT_ONCE = 50
_LOST_MAIL_INTERVAL_S = 60
_PARITY_LOOK_S = 10


class RenderersProvider(Provider[Renderers]):
    """Injects the rendering processes, which live as long as the service."""

    def start(self) -> None:
        """Start the processes; they get ready while the service goes on starting."""
        settings = Settings.load().documents
        self.renderers = Renderers(
            count=settings.render_workers, timeout_s=settings.render_timeout_s, fonts_dir=settings.fonts_dir
        )

    def stop(self) -> None:
        """End the processes; workers have finished by now."""
        self.renderers.close()

    def get_dependency(self, _worker_ctx: Any) -> Renderers:
        """Return the renderers of this process."""
        return self.renderers


class NoticesService:
    """Answers contracts.rpc.notices."""

    name = "notices"
    database = DatabaseProvider(models)
    rpc = RpcProvider()
    settings = SettingsProvider(Settings.load)
    renderers = RenderersProvider()
    rounds = ParityProvider(parity.PROJECTION)

    @answers(notices.NOTICE)
    def notice(self, request: notices.NoticeRequest) -> notices.Document:
        """Return the avviso di pagamento of a practice."""
        return notice.notice(self._for_documents, request, now())

    @answers(notices.RECEIPT)
    def receipt(self, request: notices.ReceiptRequest) -> notices.Document:
        """Return the quietanza of a practice."""
        return receipt.receipt(self._for_documents, request, now())

    @answers(notices.CART_RECEIPT)
    def cart_receipt(self, request: notices.CartReceiptRequest) -> notices.Document:
        """Return one quietanza for the practices of a cart."""
        return receipt.cart_receipt(self._for_documents, request, now())

    @answers(notices.DAY_REPORT)
    def day_report(self, request: notices.DayReportRequest) -> notices.Document:
        """Return the reconciliation report of a day."""
        return day_report.day_report(self._for_documents, request, now())

    @answers(notices.YEAR_SUMMARY)
    def year_summary(self, request: notices.YearSummaryRequest) -> notices.Document:
        """Return what a citizen paid in a year."""
        return year_summary.year_summary(self._for_documents, request, now())

    @answers(notices.VERIFY)
    def verify(self, request: notices.VerifyRequest) -> notices.Verification:
        """Return whether a document is genuine and still payable."""
        return verification.verify(self._for_documents, request)

    @answers(notices.MAIL_LINK)
    def mail_link(self, request: notices.LinkMailRequest) -> Empty:
        """Send somebody their private link."""
        return private_link.mail_link(self.rpc, self.settings.mail, self.settings.public_url, request, now())

    @answers(notices.MAILING)
    def mailing(self, request: notices.MailingRequest) -> notices.Mailing:
        """Return whether mail reaches a citizen."""
        return bounces.mailing(self.database, request)

    @answers(notices.MAIL_INVITATION)
    def mail_invitation(self, request: notices.InvitationMailRequest) -> notices.InvitationMail:
        """Send the link of an invitation into an office."""
        return invitation.send(self.settings.mail, self.settings.public_url, request, now())

    @answers(notices.START_JOB)
    def start_job(self, request: notices.JobRequest) -> notices.JobReply:
        """Take a job that prints many notices."""
        return print_jobs.start(self.database, request, now())

    @answers(notices.JOB)
    def job(self, request: notices.JobGetRequest) -> notices.JobReply:
        """Return how far a job is."""
        return print_jobs.show(self.database, request)

    @answers(notices.JOB_DOCUMENTS)
    def job_documents(self, request: notices.JobDocumentsRequest) -> notices.JobDocuments:
        """Return the next documents of a job."""
        return print_jobs.documents(self.database, request)

    @every(seconds=_JOBS_INTERVAL_S)
    def print_jobs(self) -> None:
        """Print what jobs ask for, batch after batch."""
        while print_jobs.work(self._for_documents, now()):
            pass

    @on_events(PRACTICE_CREATED)
    def on_practice_created(self, tx: Tx, events: Sequence[Event[Position]]) -> None:
        """Learn what is owed."""
        projection.learn_positions(tx, events, now())

    @on_events(PRACTICE_AMENDED)
    def on_practice_amended(self, tx: Tx, events: Sequence[Event[Position]]) -> None:
        """Learn what is owed now."""
        projection.learn_positions(tx, events, now())

    @on_events(PRACTICE_CANCELLED)
    def on_practice_cancelled(self, tx: Tx, events: Sequence[Event[PracticeEnded]]) -> None:
        """Learn that it is no longer owed."""
        projection.learn_ends(tx, events, now())

    @on_events(PRACTICE_EXPIRED)
    def on_practice_expired(self, tx: Tx, events: Sequence[Event[PracticeEnded]]) -> None:
        """Learn that it is too late to pay."""
        projection.learn_ends(tx, events, now())

    @on_events(PAYMENT_CONFIRMED)
    def on_payment_confirmed(self, tx: Tx, events: Sequence[Event[PaymentConfirmed]]) -> None:
        """Learn that it was paid."""
        projection.learn_payments(tx, events)

    @on_events(WEBHOOK_DISABLED)
    def on_webhook_disabled(self, tx: Tx, events: Sequence[Event[WebhookDisabled]]) -> None:
        """Write to the entity that its software is sent nothing any more."""
        entity_mail.queue(tx, events, now())

    @on_events(CONSENT_GRANTED)
    def on_consent_granted(self, tx: Tx, events: Sequence[Event[ConsentChanged]]) -> None:
        """Learn who may be written to."""
        projection.learn_consents(tx, self.rpc, events)

    @on_events(CONSENT_REVOKED)
    def on_consent_revoked(self, tx: Tx, events: Sequence[Event[ConsentChanged]]) -> None:
        """Learn who may not be written to any more."""
        projection.learn_revocations(tx, events, now())

    @decides_every(seconds=_PARITY_LOOK_S)
    def prove_consents(self, now: datetime) -> None:
        """Compare the consents with identity, every PARITY_EVERY_S."""
        parity.prove_consents(self.database, self.rpc, self.rounds, now)

    @decides_every(seconds=_MAIL_NEWS_INTERVAL_S)
    def queue_news(self, now: datetime) -> None:
        """Queue mail about what is newly owed or paid."""
        if self.settings.mail is not None:
            mail_queue.queue_news(self.database, now)

    @decides_every(seconds=_MAIL_REMINDERS_INTERVAL_S)
    def queue_reminders(self, now: datetime) -> None:
        """Queue mail about what is due soon."""
        if self.settings.mail is not None:
            mail_queue.queue_reminders(self.database, self.settings.mail, now)

    @decides_every(seconds=_MAIL_SENDING_INTERVAL_S)
    def send_mails(self, _now: datetime) -> None:
        """Send the mails that are queued."""
        if self.settings.mail is not None:
            needed = MailDependencies(self.database, self.rpc, self.settings.mail, self.settings.public_url)
            for _ in range(_MAILS_AT_ONCE):
                if not delivery.send_next(needed, database_time(self.database)):
                    break
            while entity_mail.send_next(needed, database_time(self.database)):
                pass

    @decides_every(seconds=_LOST_MAIL_INTERVAL_S)
    def note_lost_mails(self, now: datetime) -> None:
        """Tell ops of mails whose hand-over was cut off."""
        delivery.note_lost(self.database, now)

    @decides_every(seconds=_PURGE_INTERVAL_S)
    def purge(self, now: datetime) -> None:
        """Drop what was stored long enough."""
        document_store.purge(self.database, self.settings.documents, now)
        retention.purge(self.database, now)

    @property
    def _for_documents(self) -> DocumentDependencies:
        settings = self.settings
        return DocumentDependencies(self.database, self.rpc, self.renderers, settings.documents, settings.public_url)
