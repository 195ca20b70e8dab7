"""The citizen of the session: who, which consents, and all that is kept about them."""

from http import HTTPStatus
from typing import Any, Final

from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity
from gateway.api import examples, schemas
from gateway.api.field_errors import FieldError
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.request import invalid

_TAG: Final = "Citizen"
_REGISTRATION: Final = "registration"


class MeResource(Resource):
    """The session's citizen."""

    @operation(
        Operation(
            summary="The citizen of this session",
            tag=_TAG,
            access=Access.SESSION,
            answer=schemas.Me(),
            answer_example=examples.ME,
        )
    )
    def on_get(self, asked: Asked) -> dict[str, Any]:
        """Show who is logged in, and until when."""
        session = asked.visit.require_login()
        return {**session["citizen"], **session}


class ConsentsResource(Resource):
    """Registration and consents."""

    @operation(
        Operation(
            summary="The documents in force, the purposes granted, and the history",
            tag=_TAG,
            access=Access.SESSION,
            answer=schemas.Consents(),
            answer_example=examples.CONSENTS,
        )
    )
    def on_get(self, asked: Asked) -> dict[str, Any]:
        """Show the citizen's side of privacy."""
        return asked.visit.call(identity.PRIVACY, session_token=asked.visit.session_token)

    @operation(
        Operation(
            summary="Grant a purpose; `registration` acknowledges the privacy notice and opens the account",
            tag=_TAG,
            access=Access.SESSION,
            body=schemas.ConsentBody(),
            answer=schemas.Consents(),
            status=HTTPStatus.CREATED,
            errors=(ErrorCode.CONSENT_MISSING,),
            body_example=examples.CONSENT,
            answer_example=examples.CONSENTS,
        )
    )
    def on_post(self, asked: Asked) -> dict[str, Any]:
        """Register, or grant one optional purpose."""
        token = asked.visit.session_token
        if asked.body["purpose"] != _REGISTRATION:
            purpose = asked.body["purpose"]
            return asked.visit.call(identity.GRANT, session_token=token, purpose=purpose, **_how(asked))
        if asked.body["document_id"] is None:
            raise invalid([FieldError("pointer", "/document_id", "required")])
        asked.visit.call(
            identity.REGISTER,
            session_token=token,
            document_id=asked.body["document_id"],
            email=asked.body["email"],
            **_how(asked),
        )
        return asked.visit.call(identity.PRIVACY, session_token=token)


class ConsentResource(Resource):
    """One purpose."""

    @operation(
        Operation(
            summary="Revoke a purpose; revoking `registration` closes the account and ends its sessions",
            tag=_TAG,
            access=Access.SESSION,
            status=HTTPStatus.NO_CONTENT,
            errors=(ErrorCode.NOT_FOUND,),
        )
    )
    def on_delete(self, asked: Asked, purpose: str) -> None:
        """Revoke it."""
        if purpose not in identity.PURPOSES:
            raise Refused(ErrorCode.NOT_FOUND)
        asked.visit.call(identity.REVOKE, session_token=asked.visit.session_token, purpose=purpose, **_how(asked))


class ExportResource(Resource):
    """A copy of one's data (GDPR article 15)."""

    @operation(
        Operation(
            summary="All that the portal keeps about the citizen's identity, as a file",
            tag=_TAG,
            access=Access.SESSION,
            answer=schemas.Export(),
            answer_example={"data": {"citizen": {}, "consents": [], "sessions": []}},
        )
    )
    def on_get(self, asked: Asked) -> dict[str, Any]:
        """Hand it over as a download."""
        asked.resp.downloadable_as = "export.json"
        return asked.visit.call(identity.EXPORT, session_token=asked.visit.session_token)


def _how(asked: Asked) -> dict[str, str]:
    """What the ledger of consents says of how a choice was made."""
    return {"channel": "api", "language": asked.visit.language}
