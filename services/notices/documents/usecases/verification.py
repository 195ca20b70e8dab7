"""Whether a document is genuine, by the code printed on it."""

from typing import Final

from contracts.rpc import practices
from contracts.rpc.notices import Verification, VerifyRequest
from contracts.rpc.practices import GetManyRequest
from contracts.shapes import Viewer
from services.notices.documents import repository
from services.notices.documents.domain import document_key
from services.notices.documents.usecases.dependencies import DocumentDependencies

_PRACTICES_PER_CALL: Final = 200


def verify(dependencies: DocumentDependencies, request: VerifyRequest) -> Verification:
    """Return whether a document with this code was made here, and whether any of it can still be paid."""
    code = document_key.typed_code(request.code)
    with dependencies.database.reading() as session:
        document = repository.find_verified(session, code) if code else None
    if document is None:
        return Verification(genuine=False)
    # Not on anybody's behalf: nothing but this one answer leaves the service.
    asked = document.practice_ids[:_PRACTICES_PER_CALL]
    wanted = GetManyRequest(viewer=Viewer(granted_practice_ids=asked), practice_ids=asked)
    found = dependencies.rpc.call(practices.GET_MANY, wanted).practices
    is_payable = document.kind == "notice" and any(practice.payable for practice in found)
    return Verification(genuine=True, kind=document.kind, payable=is_payable)
