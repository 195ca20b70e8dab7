"""Job of every day: a practice found by whatever somebody has in hand, and looked at."""

from uuid import UUID

import falcon

from contracts.errors import RpcError
from contracts.events.practices import OTHER_OPTION
from contracts.roles import Operation
from contracts.rpc import office, payments, practices
from contracts.rpc.office import FoundPractices, OfficePractice, OfficePracticeReply
from contracts.rpc.payments import Receipt
from contracts.rpc.practices import Practice
from contracts.shapes import Viewer
from gateway.office import addresses
from gateway.office.changes import rows_of
from gateway.office.desk import Desk, OfficePage
from gateway.visit import Visit, visit_of
from gateway.web.page import checked_form, cleaned, see_other

_ROWS_PER_PAGE = 20


class OfficePracticesPage(OfficePage):
    """Look for practices. What was typed is stored by an id: a name or a fiscal code must not stand in an address."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show the form, with what is found by the search of the address, else by what was typed last.

        By `cursor` the next page of a debtor's. Raises Refused(NOT_FOUND) for a search that is no more.
        """
        desk = self.enter(req, entity, Operation.FIND_PRACTICES)
        visit = visit_of(req)
        search_id = req.get_param_as_uuid("ricerca") if "ricerca" in req.params else None
        text = _searched(visit, desk, search_id) if search_id else visit.cookies.read_office_search(req, entity)
        cursor = req.get_param("cursor")
        found = _find(visit, desk, text, cursor) if text else None
        shared = addresses.practices(entity, ricerca=str(search_id)) if search_id else None
        self.show(
            req,
            resp,
            "practices.html",
            desk,
            text=text,
            found=found,
            is_first_page=cursor is None,
            search_id=search_id,
            shared=shared and f"{visit.public_url}{shared}",
        )

    def on_post(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Remember what was typed and show what it finds; nothing typed begins anew."""
        form = checked_form(req)
        self.enter(req, entity, Operation.FIND_PRACTICES)
        visit, text = visit_of(req), cleaned(form, "testo")[: office.FIND_TEXT_MAX]
        visit.cookies.write_office_search(resp, entity, text)
        if not text:
            see_other(resp, addresses.practices(entity))
            return
        saved = visit.call(office.SAVE_SEARCH, office.SaveSearchRequest(entity_code=entity, text=text))
        see_other(resp, addresses.practices(entity, ricerca=str(saved.id)))


class OfficePracticePage(OfficePage):
    """One practice: what it is, what was paid, who changed what, and what can be done."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, practice_id: UUID) -> None:
        """Show it. Raises Refused(PRACTICE_NOT_FOUND) also for what is another entity's or another service's."""
        desk = self.enter(req, entity, Operation.FIND_PRACTICES)
        visit = visit_of(req)
        reply = one_practice(visit, desk, practice_id, Operation.FIND_PRACTICES)
        self.show(
            req,
            resp,
            "practice.html",
            desk,
            practice=reply.practice,
            history=rows_of(visit, desk, reply.history),
            receipts=receipts_of(visit, practice_id),
            instalments=_instalments(visit, desk, reply.practice),
            allowed=allowed_actions(desk, reply),
        )


def one_practice(visit: Visit, desk: Desk, practice_id: UUID, operation: Operation) -> OfficePracticeReply:
    """Return a practice of the services for which the operator may do this. Raises Refused(PRACTICE_NOT_FOUND)."""
    request = office.OfficePracticeRequest(
        entity_code=desk.entity.code, service_codes=desk.services(operation), practice_id=practice_id
    )
    return visit.call(office.OFFICE_PRACTICE, request)


def allowed_actions(desk: Desk, reply: OfficePracticeReply) -> list[str]:
    """Return what can be done with a practice now, by this operator: modifica, annulla, ripristina."""
    practice = reply.practice
    if practice.state_reason == OTHER_OPTION:
        return []  # what is paid in another way is not to be paid again
    states = {
        "modifica": (Operation.AMEND_PRACTICES, ("to_pay", "expired", "underpaid")),
        "annulla": (Operation.ANNUL_PRACTICES, ("to_pay", "expired")),
        "ripristina": (Operation.RESTORE_PRACTICES, ("cancelled",)),
    }
    return [
        action
        for action, (operation, from_states) in states.items()
        if practice.state in from_states and _is_of(desk.services(operation), practice.service_code)
    ]


def _is_of(services: list[str] | None, service_code: str) -> bool:
    return services is None or service_code in services


def _searched(visit: Visit, desk: Desk, search_id: UUID) -> str:
    request = office.OpenSearchRequest(entity_code=desk.entity.code, search_id=search_id)
    return visit.call(office.OPEN_SEARCH, request).text


def _find(visit: Visit, desk: Desk, text: str, cursor: str | None) -> FoundPractices:
    request = office.FindRequest(
        entity_code=desk.entity.code,
        service_codes=desk.services(Operation.FIND_PRACTICES),
        text=text,
        cursor=cursor,
        limit=_ROWS_PER_PAGE,
    )
    return visit.call(office.FIND, request)


def _instalments(visit: Visit, desk: Desk, practice: OfficePractice) -> list[Practice]:
    """Return all instalments of the plan that a practice is one of; none where it is paid at once."""
    if practice.instalment is None:
        return []
    plan = practices.PlanRequest(viewer=viewer_of(desk, practice.id), practice_id=practice.id)
    services = desk.services(Operation.FIND_PRACTICES)
    return [one for one in visit.call(practices.PLAN, plan).practices if _is_of(services, one.service_code)]


def viewer_of(desk: Desk, practice_id: UUID) -> Viewer:
    """Return who looks: this one practice whole, which the service has shown to this operator."""
    return Viewer(
        visitor_id=f"operator:{desk.operator.id}",
        granted_practice_ids=[practice_id],
        identified_practice_ids=[practice_id],
    )


def receipts_of(visit: Visit, practice_id: UUID) -> list[Receipt]:
    """Return what was paid; nothing while payments does not answer, which the page does not depend on."""
    try:
        return list(visit.call(payments.RECEIPTS, payments.ReceiptsRequest(practice_id=practice_id)).receipts)
    except RpcError:
        return []
