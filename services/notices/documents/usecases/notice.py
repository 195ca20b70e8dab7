"""The notice (avviso di pagamento) of a practice, or of the plan it is a part of."""

from datetime import datetime
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.rpc import notices, practices
from contracts.rpc.notices import NoticeRequest
from contracts.rpc.practices import PlanRequest
from services.notices.documents.domain import composition, document_key
from services.notices.documents.usecases.dependencies import DocumentDependencies
from services.notices.documents.usecases.document_store import document_reply
from services.notices.documents.usecases.lookup import artworks_of, entity_of, visible_practices


def notice(dependencies: DocumentDependencies, request: NoticeRequest, now: datetime) -> notices.Document:
    """Return the notice of a practice the viewer may see, masked where the practice is; of its plan where asked.

    Raises Refused: PRACTICE_NOT_FOUND, INVALID_REQUEST for amounts that are not those of one penalty, or the code of
    the reason why there is nothing left to pay, of a plan also PRACTICE_BEING_PAID.
    """
    if request.full_amount_id:
        return _penalty(dependencies, request, request.full_amount_id, now)
    practice = visible_practices(dependencies, request.viewer, [request.practice_id])[0]
    to_pay = [practice]
    if request.whole_plan:
        wanted = PlanRequest(viewer=request.viewer, practice_id=practice.id)
        plan = dependencies.rpc.call(practices.PLAN, wanted).practices
        to_pay = composition.still_to_pay(plan)
        if not to_pay:
            raise Refused(ErrorCode(practice.not_payable_code or ErrorCode.PRACTICE_PAID))
    composition.refuse_unprintable(to_pay[0])
    entity = entity_of(dependencies, practice.entity_code)
    artworks = artworks_of(dependencies, entity)
    content = composition.notice_content(to_pay, entity, artworks, request.language, request.second_language)
    return document_reply(dependencies, document_key.verifiable(content, dependencies.public_url), to_pay, now)


def _penalty(
    dependencies: DocumentDependencies, request: NoticeRequest, full_amount_id: UUID, now: datetime
) -> notices.Document:
    """Return the notice of a penalty. What settles one amount settles the penalty: then there is nothing to print."""
    found = {
        practice.id: practice
        for practice in visible_practices(dependencies, request.viewer, [request.practice_id, full_amount_id])
    }
    if len(found) != len({request.practice_id, full_amount_id}):
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    reduced, full = found[request.practice_id], found[full_amount_id]
    for practice in (reduced, full):
        composition.refuse_unprintable(practice)
    entity = entity_of(dependencies, reduced.entity_code)
    artworks = artworks_of(dependencies, entity)
    content = composition.penalty_content(reduced, full, entity, artworks, request.language, request.second_language)
    return document_reply(dependencies, document_key.verifiable(content, dependencies.public_url), [reduced, full], now)
