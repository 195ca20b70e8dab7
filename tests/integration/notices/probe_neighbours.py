"""identity and practices as notices' mail knows them, in one process: everybody agreed, and owes what is asked about.

`python -m tests.integration.notices.probe_neighbours`.
"""

import chassis.runtime.green  # noqa: F401 -- must come before every other import

# isort: split
import os
import threading
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from uuid import uuid4

from chassis import logs
from chassis.embedded import system
from chassis.runtime.entrypoints import answers
from contracts.rpc import identity, practices
from contracts.rpc.identity import MailboxReply, MailboxRequest
from contracts.rpc.practices import Entity, EntityRequest, GetManyRequest, MadeLink, PayLinkRequest, PracticeList
from tests.integration.notices.mail_world import ENTITY, MAILBOX, make_practice


class IdentityService:
    """Everybody agreed."""

    name = "identity"

    @answers(identity.MAILBOX)
    def mailbox(self, _request: MailboxRequest) -> MailboxReply:
        """Return a mailbox."""
        return MailboxReply(mailbox=MAILBOX)


class PracticesService:
    """Everything is owed."""

    name = "practices"

    @answers(practices.GET_MANY)
    def get_many(self, request: GetManyRequest) -> PracticeList:
        """Return what is asked about."""
        return PracticeList(practices=[make_practice(id=practice_id) for practice_id in request.practice_ids])

    @answers(practices.MAKE_PAY_LINK)
    def make_pay_link(self, request: PayLinkRequest) -> MadeLink:
        """Return a link for so many days."""
        expires_at = datetime.now(UTC) + timedelta(days=request.valid_days)
        return MadeLink(id=uuid4(), link_token=token_urlsafe(32), expires_at=expires_at)

    @answers(practices.ENTITY)
    def entity(self, _request: EntityRequest) -> Entity:
        """Return the entity."""
        return ENTITY


if __name__ == "__main__":
    logs.configure("neighbours")
    system.start_services([IdentityService, PracticesService], amqp_url=os.environ["AMQP_URL"])
    threading.Event().wait()
