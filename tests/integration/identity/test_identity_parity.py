"""Who agreed to mail: what notices knows of it is compared with the ledger of identity, and repaired from it."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from chassis import clock
from chassis.messaging.events import read_event
from chassis.metrics import PARITY_DIVERGENCES, PARITY_UNREPAIRED
from chassis.parity.rounds import Pace, Rounds
from chassis.storage.database import Database
from contracts.call import Call, Reply, Request
from contracts.events.identity import CONSENT_GRANTED, CONSENT_REVOKED
from contracts.rpc import identity, parity
from contracts.rpc.identity import PurposeRequest, RegisterRequest
from services.identity import models
from services.identity.usecases import parity as identity_parity
from services.identity.usecases import privacy
from services.notices.mail.usecases import parity as mail_parity
from services.notices.mail.usecases import projection
from services.notices.models import MailSubscription, ParityRound
from tests.integration.identity.conftest import GIULIA, LUCA, MARIO, NOW, Portal

REMINDERS = "email_reminders"


class Identity:
    """The service short of the broker."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def call(self, call: Call[Request, Reply], request: Request, *, correlation_id: str | None = None) -> Reply:
        database, settings = self.portal.database, self.portal.settings
        side = identity_parity.consents(database, settings)
        answers: dict[str, Callable[[Any], Any]] = {
            identity.MAILBOX.name: lambda asked: privacy.mailbox(database, settings, asked),
            parity.IDENTITY_BUCKETS.name: side.buckets,
            parity.IDENTITY_LINES.name: side.lines,
            parity.IDENTITY_CHANGED.name: lambda asked: identity_parity.changed(database, asked),
            parity.IDENTITY_TELL_AGAIN.name: lambda asked: identity_parity.tell_again(database, asked),
        }
        reply = answers[call.name](request)
        assert isinstance(reply, call.reply_type)
        return reply


class Mail:
    """Notices' projection of the consents."""

    def __init__(self, database: Database, portal: Portal) -> None:
        self.database = database
        self.portal = portal
        self.rpc = Identity(portal)
        self.rounds = Rounds(mail_parity.PROJECTION, Pace(settle_s=0, grace_s=0), is_behind=lambda: False)

    def relay(self) -> None:
        """Mark what identity has emitted as published, and forget it."""
        with self.portal.database.transaction() as tx:
            tx.session.execute(sa.update(models.OutboxMessage).values(relayed_at=clock.now()))

    def hear(self) -> None:
        """Take in all that identity has published of consents."""
        self.relay()
        with self.portal.database.reading() as session:
            bodies = session.scalars(sa.select(models.OutboxMessage.body).order_by(models.OutboxMessage.id)).all()
        with self.database.transaction() as tx:
            granted = [read_event(CONSENT_GRANTED, one) for one in bodies if one["type"] == CONSENT_GRANTED.type]
            revoked = [read_event(CONSENT_REVOKED, one) for one in bodies if one["type"] == CONSENT_REVOKED.type]
            projection.learn_consents(tx, self.rpc, granted)
            projection.learn_revocations(tx, revoked, NOW)

    def subscriptions(self) -> Sequence[Any]:
        columns = [column for column in MailSubscription.__table__.columns if column.name != "sequence"]
        with self.database.reading() as session:
            return session.execute(sa.select(*columns).order_by(MailSubscription.citizen_id)).all()

    def prove(self) -> tuple[int, int]:
        """Go through a whole round; return how many divergences it counted, and how many were left."""
        before = self._counted()
        with self.database.transaction() as tx:
            first = insert(ParityRound).values(projection=mail_parity.PROJECTION, next_at=sa.func.now())
            again = first.on_conflict_do_update(index_elements=["projection"], set_={"next_at": sa.func.now()})
            tx.session.execute(again)
        for _ in range(2):
            mail_parity.prove_consents(self.database, self.rpc, self.rounds, clock.now())
        after = self._counted()
        return after[0] - before[0], after[1] - before[1]

    def _counted(self) -> tuple[int, int]:
        labels = (mail_parity.PROJECTION, "-")
        counters = (PARITY_DIVERGENCES, PARITY_UNREPAIRED)
        diverged, left = (int(counter.labels(*labels)._value.get()) for counter in counters)
        return diverged, left


@pytest.fixture
def mail(portal: Portal, service_database: Callable[[str], Database]) -> Mail:
    return Mail(service_database("notices"), portal)


def agree(portal: Portal, citizen: Any) -> tuple[str, UUID]:
    """Register and agree to mail; return the session's token and the citizen."""
    token = portal.token(citizen)
    request = RegisterRequest(
        session_token=token, document_id="registration-1.1", purposes=[REMINDERS], email="nobody@example.org"
    )
    return token, privacy.register(portal.database, portal.settings, request, NOW).citizen.id


def revoke(portal: Portal, token: str) -> None:
    privacy.revoke(portal.database, portal.settings, PurposeRequest(session_token=token, purpose=REMINDERS), NOW)


def test_a_consent_and_a_revocation_that_were_lost_are_known_after_a_round(portal: Portal, mail: Mail) -> None:
    (_, mario), (giulias, giulia), _ = (agree(portal, one) for one in (MARIO, GIULIA, LUCA))
    mail.hear()
    assert mail.prove() == (0, 0)
    known = mail.subscriptions()
    assert len(known) == 3
    with mail.database.transaction() as tx:
        tx.session.execute(sa.delete(MailSubscription).where(MailSubscription.citizen_id == mario))
    revoke(portal, giulias)
    mail.relay()
    assert mail.prove() == (2, 0)
    by_citizen = {row.citizen_id: row for row in mail.subscriptions()}
    assert by_citizen[mario] == next(row for row in known if row.citizen_id == mario)
    assert by_citizen[giulia].since is None
    assert by_citizen[giulia].debtor_sha256 is None
    assert mail.prove() == (0, 0)


def test_a_consent_that_was_changed_by_hand_is_told_again_and_what_is_not_published_waits(
    portal: Portal, mail: Mail
) -> None:
    _, mario = agree(portal, MARIO)
    assert mail.prove() == (0, 0)  # it is not published yet
    mail.hear()
    known = mail.subscriptions()
    with mail.database.transaction() as tx:
        tx.session.execute(sa.update(MailSubscription).values(since=None, debtor_sha256=None))
    assert mail.prove() == (1, 0)
    assert mail.subscriptions() == known
    assert [row.citizen_id for row in known] == [mario]
