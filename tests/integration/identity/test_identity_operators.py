"""The people of an office: invited, logged in, given roles, removed; and nobody else."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from chassis.audit import verification
from contracts.errors import Refused
from contracts.roles import Grant
from contracts.rpc import operators
from contracts.rpc.audit import AuditRequest
from contracts.rpc.identity import FinishLoginRequest, SessionRequest
from contracts.rpc.operators import (
    AcceptInvitationRequest,
    ChangeRolesRequest,
    InvitationRequest,
    InviteRequest,
    OfficeRequest,
    OfficeTokenRequest,
    RemoveOperatorRequest,
    StartOfficeLoginRequest,
    WithdrawInvitationRequest,
)
from sandbox.spid import citizens
from services.identity import models
from services.identity.operators.usecases import colleagues, invitations, sessions
from services.identity.operators.usecases import login as office_login
from services.identity.usecases import sessions as citizen_sessions
from services.identity.usecases import upkeep
from tests.integration.identity.conftest import GIULIA, LUCA, MARIO, NOW, Portal, refused_login

ADMINISTRATOR = [Grant(role="amministratore")]


class Office:
    """An entity's office, short of HTTP and RPC."""

    def __init__(self, portal: Portal, entity_code: str = "PM108") -> None:
        self.portal = portal
        self.code = entity_code

    def begin(self, now: datetime = NOW, *, had: str | None = None) -> str:
        request = StartOfficeLoginRequest(
            idp="prova-1",
            entity_code=self.code,
            return_to=f"/ufficio/{self.code}",
            browser_token="browser",
            office_token=had,
        )
        office_login.start(self.portal.database, self.portal.settings, self.portal.registry, request, now)
        with self.portal.database.reading() as session:
            newest = sa.select(models.AuthnRequest.id).order_by(
                models.AuthnRequest.issue_instant.desc(), sa.text("ctid DESC")
            )
            return str(session.scalars(newest.where(models.AuthnRequest.consumed_at.is_(None))).first())

    def finish(self, saml_response: str, now: datetime = NOW) -> operators.FinishOfficeLogin:
        request = FinishLoginRequest(saml_response=saml_response, browser_token="browser")
        portal = self.portal
        return office_login.finish(portal.database, portal.settings, portal.registry, request, now)

    def log_in(
        self, citizen: citizens.TestCitizen = MARIO, *, now: datetime = NOW, level: int = 2, had: str | None = None
    ) -> str:
        answer = self.portal.answer(self.begin(now, had=had), citizen, now=now, level=level)
        return self.finish(answer, now).office_token

    def first_administrator(self, citizen: citizens.TestCitizen = MARIO) -> str:
        """Invite the first administrator by the command, have them accept, and return their session's token."""
        token = invitations.invite_administrator(
            self.portal.database, self.code, "capo@ente.example", citizen.fiscal_code, NOW
        )
        office_token = self.log_in(citizen)
        self.accept(office_token, token)
        return office_token

    def invite(self, by: str, citizen: citizens.TestCitizen, *grants: Grant, now: datetime = NOW) -> str:
        request = InviteRequest(
            office_token=by,
            entity_code=self.code,
            email="collega@ente.example",
            fiscal_code=citizen.fiscal_code.lower(),
            grants=list(grants) or [Grant(role="ufficio")],
        )
        return invitations.invite(self.portal.database, self.portal.settings, request, now).invitation_token

    def accept(self, office_token: str, invitation_token: str, now: datetime = NOW) -> operators.Operator:
        request = AcceptInvitationRequest(office_token=office_token, invitation_token=invitation_token)
        return invitations.accept(self.portal.database, request, now)

    def session(self, token: str, now: datetime = NOW) -> operators.OfficeSession:
        request = OfficeRequest(office_token=token, entity_code=self.code)
        return sessions.current(self.portal.database, self.portal.settings, request, now)

    def colleague(self, by: str, citizen: citizens.TestCitizen, *grants: Grant) -> tuple[operators.Operator, str]:
        """Invite a colleague who accepts; return who that is and their session's token."""
        invitation = self.invite(by, citizen, *grants)
        token = self.log_in(citizen)
        return self.accept(token, invitation), token

    def show(self, by: str) -> operators.Colleagues:
        request = OfficeRequest(office_token=by, entity_code=self.code)
        return colleagues.show(self.portal.database, self.portal.settings, request, NOW)

    def change(self, by: str, operator_id: UUID, version: int, *grants: Grant) -> operators.Operator:
        request = ChangeRolesRequest(
            office_token=by, entity_code=self.code, operator_id=operator_id, version=version, grants=list(grants)
        )
        return colleagues.change_roles(self.portal.database, self.portal.settings, request, NOW)

    def remove(self, by: str, operator_id: UUID, version: int) -> None:
        request = RemoveOperatorRequest(
            office_token=by, entity_code=self.code, operator_id=operator_id, version=version
        )
        colleagues.remove(self.portal.database, self.portal.settings, request, NOW)

    def audited(self) -> list[tuple[str, str]]:
        """Operation and kind of actor of all entries, oldest first."""
        page = colleagues.audit(self.portal.database, AuditRequest(entity_code=self.code, limit=100))
        return [(one.operation, one.actor.kind) for one in reversed(page.entries)]


@pytest.fixture(name="office")
def _office(portal: Portal) -> Office:
    return Office(portal)


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    with pytest.raises(Refused) as refusal:
        yield refusal
    assert refusal.value.code.value == code


# ---- invitations


def test_the_first_administrator_is_invited_by_a_command_and_accepts_with_spid(office: Office) -> None:
    token = office.first_administrator()
    session = office.session(token)
    assert (session.operator.name, session.operator.family_name) == (MARIO.name, MARIO.family_name)
    assert session.operator.grants == ADMINISTRATOR
    assert (session.spid_level, session.idle_until, session.expires_at) == (
        2,
        NOW + timedelta(minutes=15),
        NOW + timedelta(hours=10),
    )
    assert office.audited() == [("people.invite", "command"), ("people.accept_invitation", "operator")]
    (chain,) = verification.verify(office.portal.database)
    assert chain.problems == ()


def test_only_the_invited_person_can_accept_whoever_has_the_link(office: Office) -> None:
    administrator = office.first_administrator()
    invitation = office.invite(administrator, GIULIA)
    office.invite(administrator, LUCA)  # so that Luca can log in at all
    luca = office.log_in(LUCA)
    with refused("invitation_of_another"):
        office.accept(luca, invitation)
    assert office.accept(office.log_in(GIULIA), invitation).name == GIULIA.name


def test_an_invitation_is_good_once_and_for_a_week(office: Office) -> None:
    administrator = office.first_administrator()
    invitation = office.invite(administrator, GIULIA)
    terms = invitations.terms(office.portal.database, InvitationRequest(invitation_token=invitation), NOW)
    assert (terms.entity_code, terms.grants) == ("PM108", [Grant(role="ufficio")])
    assert terms.expires_at == NOW + timedelta(days=7)
    late = NOW + timedelta(days=7)
    giulia = office.log_in(GIULIA, now=late - timedelta(minutes=1))
    with refused("invitation_invalid"):
        office.accept(giulia, invitation, now=late)
    office.accept(giulia, invitation, now=late - timedelta(seconds=1))
    for again in (invitation, "never-made"):
        with refused("invitation_invalid"):
            office.accept(giulia, again)
    with refused("already_an_operator"):
        office.invite(administrator, GIULIA)


def test_a_second_invitation_takes_the_place_of_the_first_and_a_withdrawn_one_is_void(office: Office) -> None:
    administrator = office.first_administrator()
    first, second = office.invite(administrator, GIULIA), office.invite(administrator, GIULIA)
    (open_one,) = office.show(administrator).invitations
    giulia = office.log_in(GIULIA)
    with refused("invitation_invalid"):
        office.accept(giulia, first)
    request = WithdrawInvitationRequest(office_token=administrator, entity_code="PM108", invitation_id=open_one.id)
    for _ in range(2):
        invitations.withdraw(office.portal.database, office.portal.settings, request, NOW)
    with refused("invitation_invalid"):
        office.accept(giulia, second)
    assert office.show(administrator).invitations == []
    assert [name for name, _ in office.audited()].count("people.withdraw_invitation") == 1


def test_two_browsers_that_accept_at_once_make_one_operator(office: Office) -> None:
    administrator = office.first_administrator()
    invitation = office.invite(administrator, GIULIA)
    tokens = [office.log_in(GIULIA), office.log_in(GIULIA)]
    codes: list[str] = []

    def accepts(token: str) -> None:
        try:
            office.accept(token, invitation)
            codes.append("accepted")
        except Refused as refusal:
            codes.append(refusal.code.value)

    threads = [threading.Thread(target=accepts, args=[token]) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["accepted", "invitation_invalid"]


def test_no_token_stands_in_the_database_and_no_fiscal_code_in_the_audit(office: Office) -> None:
    administrator = office.first_administrator()
    invitation = office.invite(administrator, GIULIA)
    with office.portal.database.reading() as session:
        tables = [table.name for table in models.Base.metadata.sorted_tables]
        rows = {name: str(session.execute(sa.text(f"SELECT * FROM {name}")).all()) for name in tables}
    assert not [name for name, text in rows.items() if invitation in text or administrator in text]
    assert GIULIA.fiscal_code in rows["operator_invitations"]
    for private in (GIULIA.fiscal_code, MARIO.fiscal_code, GIULIA.name, "collega@ente.example"):
        assert private not in rows["audit_entries"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fiscal_code": "BNCGLI82D63L049X"}, "invalid_fiscal_code"),
        ({"fiscal_code": "80012345676"}, "invalid_fiscal_code"),
        ({"email": "nessuno"}, "invalid_request"),
        ({"grants": [Grant(role="revisore", service_code="TARI")]}, "invalid_request"),
    ],
)
def test_an_invitation_that_could_not_work_is_refused(office: Office, changes: dict[str, Any], code: str) -> None:
    administrator = office.first_administrator()
    asked: dict[str, Any] = {
        "office_token": administrator,
        "entity_code": "PM108",
        "email": "a@ente.example",
        "fiscal_code": GIULIA.fiscal_code,
        "grants": [Grant(role="ufficio")],
    }
    with refused(code):
        invitations.invite(office.portal.database, office.portal.settings, InviteRequest(**{**asked, **changes}), NOW)


# ---- logging in


def test_a_stranger_gets_no_session_and_leaves_only_the_trace_that_the_law_wants(office: Office) -> None:
    office.first_administrator()
    with refused("not_an_operator"):
        office.log_in(LUCA)
    with office.portal.database.reading() as session:
        found = session.scalars(sa.select(models.OperatorSession.fiscal_code)).all()
        citizens = session.scalars(sa.select(models.Citizen.fiscal_code)).all()
        outcomes = session.scalars(sa.select(models.SamlTrace.outcome)).all()
    assert LUCA.fiscal_code not in [*found, *citizens]
    assert len(outcomes) == 2


def test_a_citizens_login_opens_no_office_and_an_offices_no_citizens_pages(office: Office) -> None:
    token = office.first_administrator()
    citizen = office.portal.token(MARIO)
    with refused("session_expired"):
        office.session(citizen)
    with refused("session_expired"):
        citizen_sessions.current(
            office.portal.database, office.portal.settings, SessionRequest(session_token=token), NOW
        )
    with refused_login("unsolicited"):
        office.portal.finish(office.portal.answer(office.begin(), MARIO))
    with refused_login("unsolicited"):
        office.finish(office.portal.answer(office.portal.begin(), MARIO))


def test_an_answer_below_level_two_is_refused(office: Office) -> None:
    office.first_administrator()
    with refused_login("level_too_low"):
        office.log_in(MARIO, level=1)


@pytest.mark.parametrize(("after", "is_live"), [(14, True), (15, False)])
def test_a_session_ends_a_quarter_of_an_hour_after_its_last_use(office: Office, after: int, *, is_live: bool) -> None:
    token = office.first_administrator()
    used = NOW + timedelta(minutes=10)
    office.session(token, used)
    later = used + timedelta(minutes=after)
    if is_live:
        assert office.session(token, later).idle_until == later + timedelta(minutes=15)
    else:
        with refused("session_expired"):
            office.session(token, later)


def test_a_session_ends_after_ten_hours_however_much_it_is_used(office: Office) -> None:
    token = office.first_administrator()
    for quarters in range(1, 60):
        office.session(token, NOW + timedelta(minutes=10 * quarters))
    with refused("session_expired"):
        office.session(token, NOW + timedelta(hours=10))


def test_esci_ends_the_session_at_once(office: Office) -> None:
    token = office.first_administrator()
    for _ in range(2):
        sessions.end(office.portal.database, OfficeTokenRequest(office_token=token), NOW)
    with refused("session_expired"):
        office.session(token)


def test_logging_in_again_ends_the_earlier_office_session_of_that_browser_and_no_other(office: Office) -> None:
    first = office.first_administrator()
    elsewhere = office.log_in()
    second = office.log_in(had=first)
    with pytest.raises(Refused) as ended:
        office.session(first)
    assert (ended.value.code, ended.value.params) == ("session_expired", {"reason": "new_login"})
    assert office.session(elsewhere).operator == office.session(second).operator


@pytest.mark.parametrize("had", ["", "x", "a-token-that-was-never-made", "x" * 5_000])
def test_a_token_that_is_none_ends_nothing(office: Office, had: str) -> None:
    first = office.first_administrator()
    office.log_in(had=had)
    assert office.session(first)


def test_a_login_that_is_refused_ends_nothing(office: Office) -> None:
    first = office.first_administrator()
    with refused_login("level_too_low"):
        office.log_in(had=first, level=1)
    with pytest.raises(Refused) as stranger:
        office.log_in(LUCA, had=first)
    assert stranger.value.code == "not_an_operator"
    assert office.session(first)


def test_a_person_has_at_most_three_office_sessions_and_the_oldest_is_told_and_ended(office: Office) -> None:
    first = office.first_administrator()
    _, colleagues_token = office.colleague(first, GIULIA)
    tokens = [office.log_in(now=NOW + timedelta(seconds=number)) for number in (1, 2)]
    now = NOW + timedelta(seconds=3)
    newest = office.finish(office.portal.answer(office.begin(now), MARIO, now=now), now)
    assert newest.ended_sessions == 1
    with pytest.raises(Refused) as ended:
        office.session(first, now)
    assert ended.value.params == {"reason": "too_many"}
    assert all(office.session(token, now) for token in (*tokens, newest.office_token, colleagues_token))
    # Those that have ended by themselves count no more.
    later = now + timedelta(minutes=16)
    again = office.finish(office.portal.answer(office.begin(later), MARIO, now=later), later)
    assert again.ended_sessions == 0


def test_another_entitys_office_is_not_there(office: Office) -> None:
    token = office.first_administrator()
    other = Office(office.portal, "PM200")
    with refused("not_found"):
        other.session(token)
    with refused("not_found"):
        other.show(token)
    other.first_administrator(GIULIA)
    with refused("not_found"):
        other.session(token)


def test_who_works_for_two_entities_enters_both_with_one_login(office: Office) -> None:
    token = office.first_administrator()
    other = Office(office.portal, "PM200")
    other.accept(token, other.invite(other.first_administrator(GIULIA), MARIO, Grant(role="sportello")))
    assert office.session(token).operator.grants == ADMINISTRATOR
    assert other.session(token).operator.grants == [Grant(role="sportello")]
    person = sessions.person(office.portal.database, OfficeTokenRequest(office_token=token), NOW)
    assert person.entity_codes == ["PM108", "PM200"]


# ---- colleagues


def test_roles_are_changed_and_count_from_the_next_request_on(office: Office) -> None:
    administrator = office.first_administrator()
    giulia, token = office.colleague(administrator, GIULIA, Grant(role="ufficio", service_code="TARI"))
    with refused("role_missing"):
        office.show(token)
    changed = office.change(
        administrator,
        giulia.id,
        1,
        Grant(role="revisore"),
        Grant(role="sportello", service_code="TARI"),
        Grant(role="sportello"),
    )
    assert changed.grants == [Grant(role="revisore"), Grant(role="sportello")]
    assert changed.version == 2
    assert [one.name for one in office.show(token).operators] == sorted([GIULIA.name, MARIO.name], key=str)
    same = office.change(administrator, giulia.id, 2, Grant(role="sportello"), Grant(role="revisore"))
    assert same.version == 2
    assert [name for name, _ in office.audited()].count("people.change_roles") == 1


def test_the_second_of_two_administrators_is_told_who_changed_what(office: Office) -> None:
    administrator = office.first_administrator()
    giulia, second = office.colleague(administrator, GIULIA, *ADMINISTRATOR)
    luca, _ = office.colleague(administrator, LUCA)
    office.change(second, luca.id, 1, Grant(role="contabile"))
    with refused("changed_meanwhile") as refusal:
        office.change(administrator, luca.id, 1, Grant(role="sportello"))
    told = refusal.value.params
    assert (told["version"], told["actor_id"], told["operation"], told["fields"]) == (
        2,
        str(giulia.id),
        "people.change_roles",
        ["grants"],
    )
    with refused("changed_meanwhile"):
        office.remove(administrator, luca.id, 1)


def test_who_is_removed_is_out_at_once_everywhere_and_stays_named_in_the_audit(office: Office) -> None:
    administrator = office.first_administrator()
    giulia, token = office.colleague(administrator, GIULIA)
    phone = office.log_in(GIULIA)
    office.remove(administrator, giulia.id, 1)
    for one in (token, phone):
        with refused("session_expired"):
            office.session(one)
    with refused("not_an_operator"):
        office.log_in(GIULIA)
    names = colleagues.names(
        office.portal.database, operators.OperatorNamesRequest(entity_code="PM108", operator_ids=[giulia.id])
    )
    assert [(one.name, one.removed) for one in names.operators] == [(GIULIA.name, True)]
    with refused("not_found"):
        office.change(administrator, giulia.id, 2, Grant(role="ufficio"))
    again, _ = office.colleague(administrator, GIULIA)
    assert again.id != giulia.id


def test_the_last_administrator_cannot_go(office: Office) -> None:
    administrator = office.first_administrator()
    mario = office.session(administrator).operator
    giulia, second = office.colleague(administrator, GIULIA, Grant(role="ufficio"))
    with refused("last_administrator"):
        office.remove(administrator, mario.id, 1)
    with refused("last_administrator"):
        office.change(administrator, mario.id, 1, Grant(role="revisore"))
    assert office.session(administrator).operator.grants == ADMINISTRATOR
    office.change(administrator, giulia.id, 1, *ADMINISTRATOR)
    office.remove(administrator, mario.id, 1)
    with refused("session_expired"):
        office.session(administrator)
    assert office.session(second).operator.grants == ADMINISTRATOR


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(office: Office) -> None:
    first = office.first_administrator()
    mario = office.session(first).operator
    giulia, second = office.colleague(first, GIULIA, *ADMINISTRATOR)
    codes: list[str] = []

    def removes(by: str, whom: UUID) -> None:
        try:
            office.remove(by, whom, 1)
            codes.append("removed")
        except Refused as refusal:
            codes.append(refusal.code.value)

    threads = [
        threading.Thread(target=removes, args=[first, giulia.id]),
        threading.Thread(target=removes, args=[second, mario.id]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "removed" in codes
    assert codes.count("removed") == 1
    with office.portal.database.reading() as session:
        left = session.scalars(sa.select(models.Operator.id).where(models.Operator.removed_at.is_(None))).all()
    assert len(left) == 1


@pytest.mark.parametrize("role", ["sportello", "ufficio", "contabile", "revisore"])
def test_nobody_but_an_administrator_touches_people(office: Office, role: str) -> None:
    administrator = office.first_administrator()
    mario = office.session(administrator).operator
    _, token = office.colleague(administrator, GIULIA, Grant(role=role))
    before = office.audited()
    for attempt in (
        lambda: office.invite(token, LUCA),
        lambda: office.change(token, mario.id, 1, Grant(role="sportello")),
        lambda: office.remove(token, mario.id, 1),
        lambda: invitations.withdraw(
            office.portal.database,
            office.portal.settings,
            WithdrawInvitationRequest(office_token=token, entity_code="PM108", invitation_id=mario.id),
            NOW,
        ),
    ):
        with refused("role_missing"):
            attempt()
    assert office.audited() == before


def test_sessions_and_invitations_are_deleted_when_nobody_needs_them(office: Office) -> None:
    administrator = office.first_administrator()
    office.invite(administrator, GIULIA)
    upkeep.delete_expired(office.portal.database, NOW + timedelta(days=29))
    with office.portal.database.reading() as session:
        assert session.scalars(sa.select(models.OperatorSession.id)).all() == []
        assert len(session.scalars(sa.select(models.OperatorInvitation.id)).all()) == 2
    upkeep.delete_expired(office.portal.database, NOW + timedelta(days=31))
    with office.portal.database.reading() as session:
        assert session.scalars(sa.select(models.OperatorInvitation.id)).all() == []
        assert len(session.scalars(sa.select(models.Operator.id)).all()) == 1


def test_the_command_reads_the_fiscal_code_from_standard_input_and_prints_the_link(
    office: Office, spid_environment: dict[str, str], environment: dict[str, str]
) -> None:
    def run(typed: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "services.identity", "invite-administrator", "PM108", "capo@ente.example"]
        return subprocess.run(
            command,
            input=typed,
            env={**environment, **spid_environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert office.portal.database is not None
    wrong = run("RSSMRA85T10A562X\n")
    assert wrong.returncode == 1
    assert "invalid_fiscal_code" in wrong.stderr
    made = run(f"{MARIO.fiscal_code}\n")
    assert made.returncode == 0, made.stderr
    link = made.stdout.strip().splitlines()[-1]
    assert link.startswith("http://localhost:18200/ufficio/invito/")
    assert office.accept(office.log_in(), link.rpartition("/")[2], now=NOW).grants == ADMINISTRATOR
    assert MARIO.fiscal_code not in made.stdout + made.stderr
