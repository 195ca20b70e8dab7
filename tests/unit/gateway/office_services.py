"""An office behind the pages, as the pages meet it: people, practices and their audit, kept in memory."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.messaging import codec
from contracts.actors import Actor
from contracts.codes import AmountCents, Iban
from contracts.error_details import ChangedMeanwhile
from contracts.errors import ErrorCode, Refused
from contracts.roles import Grant
from contracts.rpc import audit, money_cases, notices, office, operators, practices
from contracts.rpc.audit import AuditEntry
from contracts.rpc.identity import StartLogin
from contracts.rpc.money_cases import MoneyCase, RefundExport
from contracts.rpc.office import OfficePractice
from contracts.rpc.operators import Invitation, OfficeSession, Operator
from contracts.rpc.practices import Practice
from contracts.shapes import Empty
from gateway.api import money_examples
from tests.unit.gateway.gateway_services import ENTITY, NOW, Services, make_practice

OFFICE_TOKEN = "o" * 43
INVITATION_TOKEN = "i" * 43
MARIA = UUID(int=0xA)
CARLO = UUID(int=0xB)
INVITED = UUID(int=0xC)
CASE = UUID(money_examples.CASE_ID)
EXPORT = UUID(money_examples.EXPORT_ID)


def operator(operator_id: UUID, name: str, *roles: str, service_code: str | None = None) -> Operator:
    return Operator(
        id=operator_id,
        name=name,
        family_name="Neri",
        entity_code="PM108",
        email=f"{name.lower()}@ente.example",
        grants=[Grant(role=role, service_code=service_code) for role in roles],
        version=1,
        since=NOW - timedelta(days=3),
    )


def office_practice(practice: Practice, version: int = 1) -> OfficePractice:
    shown = {one.name: getattr(practice, one.name) for one in fields(Practice)}
    return OfficePractice(**shown, version=version, base_cents=practice.amount_cents)


class Office:
    """What a test arranges and looks at: `people` by id, of whom Maria (MARIA) is the one logged in."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.people = {
            MARIA: operator(MARIA, "Maria", "amministratore"),
            CARLO: operator(CARLO, "Carlo", "ufficio", service_code="TARI"),
        }
        self.invitations: list[Invitation] = []
        self.entries: list[AuditEntry] = []
        self.session_live = True
        self.mailed = True
        self.meanwhile: ChangedMeanwhile | None = None
        """What each write is refused with, when it is set."""
        self.more_entities: set[str] = set()
        self.case = codec.convert(money_examples.CASE, MoneyCase)
        self.exports = [codec.convert(money_examples.EXPORT, RefundExport)]
        self.second_person = False
        self.refusal: Refused | None = None
        """What each step with a case is refused with, when it is set."""
        for call, answer in self._answers().items():
            services.answer(call, answer)

    def become(self, *roles: str, service_code: str | None = None) -> None:
        """Give Maria other roles."""
        self.people[MARIA] = operator(MARIA, "Maria", *roles, service_code=service_code)

    def _answers(self) -> dict[Any, Any]:
        return {
            operators.START_OFFICE_LOGIN: lambda _: StartLogin(redirect_url="http://localhost:8088/sso?SAMLRequest=x"),
            operators.FINISH_OFFICE_LOGIN: lambda _: operators.FinishOfficeLogin(
                office_token=OFFICE_TOKEN, return_to="/ufficio/PM108/registro", entity_code="PM108"
            ),
            operators.OFFICE_SESSION: self._session,
            operators.OFFICE_PERSON: self._person,
            operators.END_OFFICE_SESSION: lambda _: Empty(),
            operators.COLLEAGUES: self._colleagues,
            operators.INVITE: self._invite,
            operators.INVITATION: self._invitation,
            operators.ACCEPT_INVITATION: lambda _: self.people[MARIA],
            operators.WITHDRAW_INVITATION: lambda _: Empty(),
            operators.CHANGE_ROLES: self._change_roles,
            operators.REMOVE_OPERATOR: self._remove,
            operators.OPERATOR_NAMES: self._names,
            audit.PRACTICES_AUDIT: self._audit,
            audit.IDENTITY_AUDIT: self._audit,
            audit.PAYMENTS_AUDIT: self._audit,
            money_cases.MONEY_CASES: self._money_cases,
            money_cases.MONEY_CASE: self._money_case,
            money_cases.MOVE_CASE: self._move_case,
            money_cases.EXPORT_REFUNDS: self._export,
            money_cases.REFUND_EXPORTS: lambda _: money_cases.RefundExports(
                exports=self.exports, account_iban=Iban(self.exports[0].account_iban) if self.exports else None
            ),
            money_cases.REFUND_FILE: lambda asked: money_cases.RefundFile(
                file_name=f"rimborsi.{asked.format}", media_type="text/plain", content="refunds"
            ),
            money_cases.SETTLE_EXPORT: lambda _: replace(self.exports[0], open_count=0),
            office.FIND: self._find,
            office.OFFICE_PRACTICE: self._practice,
            office.INSERT: self._insert,
            office.AMEND: self._amend,
            office.ANNUL: lambda asked: self._written(asked, state="cancelled", payable=False),
            office.RESTORE: lambda asked: self._written(asked, state="to_pay", payable=True),
            notices.MAIL_INVITATION: lambda _: notices.InvitationMail(sent=self.mailed),
            practices.ENTITY: self._entity,
        }

    def _entity(self, asked: practices.EntityRequest) -> practices.Entity:
        if asked.entity_code in {"PM108", *self.more_entities}:
            return replace(ENTITY, code=asked.entity_code)
        raise Refused(ErrorCode.UNKNOWN_ENTITY)

    def _check(self, token: str) -> None:
        if token != OFFICE_TOKEN or not self.session_live:
            raise Refused(ErrorCode.SESSION_EXPIRED)

    def _session(self, asked: operators.OfficeRequest) -> OfficeSession:
        self._check(asked.office_token)
        if asked.entity_code != "PM108":
            raise Refused(ErrorCode.NOT_FOUND)
        return OfficeSession(
            operator=self.people[MARIA],
            spid_level=2,
            idle_until=NOW + timedelta(minutes=15),
            expires_at=NOW + timedelta(hours=10),
        )

    def _person(self, asked: operators.OfficeTokenRequest) -> operators.OfficePerson:
        self._check(asked.office_token)
        return operators.OfficePerson(name="Maria", family_name="Neri", entity_codes=["PM108", *self.more_entities])

    def _colleagues(self, _asked: operators.OfficeRequest) -> operators.Colleagues:
        return operators.Colleagues(operators=list(self.people.values()), invitations=self.invitations)

    def _invite(self, asked: operators.InviteRequest) -> operators.InvitationToken:
        if asked.fiscal_code == "-":
            raise Refused(ErrorCode.INVALID_FISCAL_CODE)
        invitation = Invitation(
            id=INVITED,
            entity_code=asked.entity_code,
            email=asked.email,
            grants=asked.grants,
            created_at=NOW,
            expires_at=NOW + timedelta(days=7),
        )
        self.invitations.append(invitation)
        return operators.InvitationToken(invitation=invitation, invitation_token=INVITATION_TOKEN)

    def _invitation(self, asked: operators.InvitationRequest) -> operators.InvitationTerms:
        if asked.invitation_token != INVITATION_TOKEN:
            raise Refused(ErrorCode.INVITATION_INVALID)
        return operators.InvitationTerms(
            entity_code="PM108", grants=[Grant(role="ufficio")], expires_at=NOW + timedelta(days=7)
        )

    def _change_roles(self, asked: operators.ChangeRolesRequest) -> Operator:
        self._refuse_if_changed()
        found = self.people[asked.operator_id]
        changed = replace(found, grants=asked.grants, version=found.version + 1)
        self.people[asked.operator_id] = changed
        return changed

    def _remove(self, asked: operators.RemoveOperatorRequest) -> Empty:
        self._refuse_if_changed()
        if asked.operator_id == MARIA:
            raise Refused(ErrorCode.LAST_ADMINISTRATOR)
        self.people[asked.operator_id] = replace(self.people[asked.operator_id], removed=True)
        return Empty()

    def _names(self, asked: operators.OperatorNamesRequest) -> operators.OperatorNames:
        known = [self.people[one] for one in asked.operator_ids if one in self.people]
        names = [operators.OperatorName(id=one.id, name=one.name, family_name=one.family_name) for one in known]
        return operators.OperatorNames(operators=names)

    def _audit(self, asked: audit.AuditRequest) -> audit.AuditPage:
        below = asked.below or len(self.entries) + 1
        found = [one for one in reversed(self.entries) if one.number < below]
        page = found[: asked.limit]
        return audit.AuditPage(entries=page, next_below=page[-1].number if len(found) > len(page) else None)

    def note(self, operation: str, subject: UUID, actor: Actor | None = None, **changes: Any) -> None:
        """Put an entry into the audit."""
        number = len(self.entries) + 1
        entry = AuditEntry(
            number=number,
            at=NOW,
            actor=actor or Actor(kind="operator", id=str(CARLO)),
            operation=operation,
            subject=str(subject),
            before={},
            after={},
            sha256=f"{number:064x}",
        )
        self.entries.append(replace(entry, **changes))

    def _shown(self, practice_id: UUID, services: Any) -> Practice:
        found = self.services.practices.get(practice_id)
        if found is None or (services is not None and found.service_code not in services):
            raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
        return found

    def _find(self, asked: office.FindRequest) -> office.FoundPractices:
        rows = [office_practice(one) for one in self.services.practices.values()]
        found = [one for one in rows if asked.text in {one.debtor.fiscal_code, one.iuv, one.external_id}]
        return office.FoundPractices(practices=found)

    def _practice(self, asked: office.OfficePracticeRequest) -> office.OfficePracticeReply:
        practice = office_practice(self._shown(asked.practice_id, asked.service_codes))
        history = [one for one in reversed(self.entries) if one.subject == str(asked.practice_id)]
        return office.OfficePracticeReply(practice=practice, history=history)

    def _insert(self, asked: office.OfficeInsertRequest) -> OfficePractice:
        if asked.external_id == "TARI-2026-00001":
            raise Refused(ErrorCode.DUPLICATE_REFERENCE)
        made = make_practice(77, service_code=asked.service_code, amount_cents=AmountCents(asked.amount_cents))
        self.services.add(made)
        return office_practice(made)

    def _amend(self, asked: office.AmendRequest) -> OfficePractice:
        return self._written(asked, amount_cents=AmountCents(asked.amount_cents), due_date=asked.due_date)

    def _written(self, asked: office.WriteRequest, **changes: Any) -> OfficePractice:
        self._refuse_if_changed()
        practice = self._shown(asked.practice_id, asked.service_codes)
        if getattr(asked, "reason", None) == "":
            raise Refused(ErrorCode.DESCRIPTION_REQUIRED)
        self.services.practices[practice.id] = replace(practice, **changes)
        return office_practice(self.services.practices[practice.id], asked.version + 1)

    def _money_cases(self, asked: money_cases.MoneyCasesRequest) -> money_cases.MoneyCases:
        cases = [self.case] if not asked.states or self.case.state in asked.states else []
        total = money_cases.CaseTotal(state=self.case.state, count=1, amount_cents=self.case.unexpected_cents)
        return money_cases.MoneyCases(cases=cases, totals=[total])

    def _money_case(self, asked: money_cases.MoneyCaseRequest) -> money_cases.MoneyCaseReply:
        if asked.case_id != self.case.id:
            raise Refused(ErrorCode.MONEY_CASE_NOT_FOUND)
        history = [one for one in reversed(self.entries) if one.subject == str(asked.case_id)]
        masked = self.case.iban and Iban(self.case.iban).masked
        shown = self.case if asked.show_iban else replace(self.case, iban=masked)
        return money_cases.MoneyCaseReply(case=shown, history=history, second_person=self.second_person)

    def _move_case(self, asked: money_cases.MoveCaseRequest) -> MoneyCase:
        self._refuse_if_changed()
        if self.refusal is not None:
            raise self.refusal
        self.case = replace(self.case, version=asked.version + 1, note=asked.reason)
        return self.case

    def _export(self, asked: money_cases.ExportRefundsRequest) -> RefundExport:
        if self.refusal is not None:
            raise self.refusal
        self.exports = [replace(self.exports[0], pay_on=asked.pay_on)]
        return self.exports[0]

    def _refuse_if_changed(self) -> None:
        if self.meanwhile is not None:
            raise Refused(ErrorCode.CHANGED_MEANWHILE, self.meanwhile)
