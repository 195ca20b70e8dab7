"""Links that lead to practices without login: random, stored as a hash, for a time, revocable."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from chassis.storage.database import Database
from contracts.actors import Actor
from contracts.errors import ErrorCode, Refused
from contracts.rpc.audit import AuditRequest
from contracts.rpc.practices import (
    InsertRequest,
    LinkRequest,
    OpenedLink,
    PayLinkRequest,
    PayLinksRevokeRequest,
    Practice,
    PrivateLinkRequest,
)
from contracts.shapes import Beneficiary, Viewer
from services.practices.models import AccessLink
from services.practices.usecases import access_links, insertion, office_work

Put = Callable[..., Practice]
ANNA = Beneficiary(full_name="Bianchi Anna", course="Flauto", school="Media", contribution_type="Retta")
VISITOR = Viewer(visitor_id="browser-1")


def opened(database: Database, token: str, now: datetime) -> OpenedLink | None:
    """Return what a token leads to, None where it is said to be no valid link."""
    try:
        return access_links.open_link(database, LinkRequest(link_token=token), now)
    except Refused as refused:
        if refused.code is not ErrorCode.LINK_NOT_VALID:
            raise
        return None


def pay_link(database: Database, now: datetime, valid_days: int = 90) -> tuple[str, PayLinksRevokeRequest]:
    asked = PayLinkRequest(entity_code="PM108", external_id="TARI-1", valid_days=valid_days)
    made = access_links.make_pay_link(database, asked, now)
    return made.link_token, PayLinksRevokeRequest(entity_code="PM108", external_id="TARI-1", link_id=made.id)


def test_a_pay_link_leads_to_its_debt_for_as_many_days_as_were_asked_for(
    database: Database, now: datetime, put: Put
) -> None:
    practice = put("TARI-1")
    token, _ = pay_link(database, now, valid_days=7)
    found = opened(database, token, now + timedelta(days=7, seconds=-1))
    assert found is not None
    assert (found.kind, found.entity_code, found.practice_ids) == ("pay", "PM108", [practice.id])
    assert opened(database, token, now + timedelta(days=7)) is None
    assert opened(database, token + "x", now) is None


def test_a_token_says_nothing_and_is_not_stored(database: Database, now: datetime, put: Put) -> None:
    practice = put("TARI-1")
    tokens = {pay_link(database, now)[0] for _ in range(3)}
    assert len(tokens) == 3
    with database.reading() as session:
        rows = session.scalars(select(AccessLink)).all()
        stored = " ".join(str(vars(row)) for row in rows)
    for token in tokens:
        assert len(token) == 43
        assert token not in stored
        assert practice.notice_number not in token


def test_pay_links_are_revoked_one_by_one_or_all_and_stay_so(database: Database, now: datetime, put: Put) -> None:
    put("TARI-1")
    (first, revoke_first), (second, _), (third, _) = (pay_link(database, now) for _ in range(3))
    assert access_links.revoke_pay_links(database, revoke_first, now).count == 1
    assert access_links.revoke_pay_links(database, revoke_first, now).count == 0
    assert [opened(database, token, now) is not None for token in (first, second, third)] == [False, True, True]
    every = PayLinksRevokeRequest(entity_code="PM108", external_id="TARI-1")
    assert access_links.revoke_pay_links(database, every, now).count == 2
    assert opened(database, second, now) is opened(database, third, now) is None


def test_an_entity_makes_and_revokes_links_to_its_own_debts_only(database: Database, now: datetime, put: Put) -> None:
    put("TARI-1", entity_code="PM200")
    with pytest.raises(Refused) as refused:
        pay_link(database, now)
    assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND
    with pytest.raises(Refused):
        access_links.revoke_pay_links(database, PayLinksRevokeRequest(entity_code="PM108", external_id="TARI-1"), now)


def insert(database: Database, now: datetime, viewer: Viewer) -> Practice:
    request = InsertRequest(
        idempotency_key=str(uuid4()),
        entity_code="PM108",
        service_code="CONTRIB_ST",
        viewer=viewer,
        anonymous=True,
        beneficiary=ANNA,
        amount_cents=2500,
    )
    return insertion.insert(database, request, now)


def test_a_private_link_leads_to_what_its_maker_inserted_and_to_nothing_else(
    database: Database, now: datetime, put: Put
) -> None:
    first, second = insert(database, now, VISITOR), insert(database, now, VISITOR)
    others = insert(database, now, Viewer(visitor_id="browser-2"))
    asked = [second.id, put("TARI-1").id, others.id, first.id, uuid4()]
    made = access_links.make_private_link(database, PrivateLinkRequest(viewer=VISITOR, practice_ids=asked), now)
    found = opened(database, made.link_token, now)
    assert found is not None
    assert (found.kind, found.practice_ids) == ("private", [second.id, first.id])
    assert opened(database, made.link_token, now + timedelta(days=365)) is None
    for viewer, wanted in ((VISITOR, [others.id]), (Viewer(), [first.id])):
        with pytest.raises(Refused) as refused:
            access_links.make_private_link(database, PrivateLinkRequest(viewer=viewer, practice_ids=wanted), now)
        assert refused.value.code is ErrorCode.PRACTICE_NOT_FOUND


def test_a_private_link_is_revoked_by_its_token_and_a_pay_link_is_not(
    database: Database, now: datetime, put: Put
) -> None:
    put("TARI-1")
    pay, _ = pay_link(database, now)
    asked = PrivateLinkRequest(viewer=VISITOR, practice_ids=[insert(database, now, VISITOR).id])
    private = access_links.make_private_link(database, asked, now).link_token
    for token, count in ((pay, 0), (private, 1), (private, 0)):
        assert access_links.revoke_private_link(database, LinkRequest(link_token=token), now).count == count
    assert opened(database, pay, now) is not None
    assert opened(database, private, now) is None


def test_links_are_deleted_a_month_after_their_end(database: Database, now: datetime, put: Put) -> None:
    put("TARI-1")
    pay_link(database, now, valid_days=1)
    for days, left in ((31, 1), (32, 0)):
        access_links.purge(database, now + timedelta(days=days))
        with database.reading() as session:
            assert len(session.scalars(select(AccessLink)).all()) == left


def test_who_has_a_link_sent_by_mail_stands_in_the_audit(database: Database, now: datetime, put: Put) -> None:
    practice = put("TARI-1")
    maria = Actor(kind="operator", id="00000000-0000-0000-0000-00000000000a")
    for mailed in (None, "notice", "receipt"):
        asked = PayLinkRequest(entity_code="PM108", practice_id=practice.id, actor=maria, mailed=mailed)
        access_links.make_pay_link(database, asked, now)
    page = office_work.audit(database, AuditRequest(entity_code="PM108"))
    assert [(one.operation, one.actor, one.subject, dict(one.after)) for one in page.entries] == [
        ("practices.mail", maria, str(practice.id), {"mailed": "receipt"}),
        ("practices.mail", maria, str(practice.id), {"mailed": "notice"}),
    ]
