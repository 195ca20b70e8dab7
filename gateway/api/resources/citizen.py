"""The citizen of the session: who, which consents, and all that is stored about them."""

from http import HTTPStatus
from typing import Final

from contracts.errors import ErrorCode, Refused
from contracts.rpc import identity
from gateway.api import answers, bodies, examples
from gateway.api.field_errors import FieldError
from gateway.api.operation import Access, Asked, Operation, Resource, operation
from gateway.api.request import invalid
from gateway.visit import Visit

_TAG: Final = "Citizen"
_REGISTRATION: Final = "registration"
_CHANNEL: Final = "api"


class MeResource(Resource):
    """The session's citizen."""

    @operation(
        Operation(
            summary="The citizen of this session",
            tag=_TAG,
            access=Access.SESSION,
            answer=answers.Me,
            answer_example=examples.ME,
        )
    )
    def on_get(self, asked: Asked) -> answers.Me:
        """Show who is logged in, and until when."""
        return answers.Me.of(asked.visit.require_login())


class ConsentsResource(Resource):
    """Registration and consents."""

    @operation(
        Operation(
            summary="The documents in force, the purposes granted, and the history",
            tag=_TAG,
            access=Access.SESSION,
            answer=identity.Privacy,
            answer_example=examples.CONSENTS,
        )
    )
    def on_get(self, asked: Asked) -> identity.Privacy:
        """Show the citizen's side of privacy."""
        return _privacy(asked.visit)

    @operation(
        Operation(
            summary="Grant a purpose; `registration` acknowledges the privacy notice and opens the account",
            tag=_TAG,
            access=Access.SESSION,
            body=bodies.ConsentBody,
            answer=identity.Privacy,
            status=HTTPStatus.CREATED,
            errors=(ErrorCode.CONSENT_MISSING,),
            body_example=examples.CONSENT,
            answer_example=examples.CONSENTS,
        )
    )
    def on_post(self, asked: Asked[bodies.ConsentBody]) -> identity.Privacy:
        """Register, or grant one optional purpose."""
        if asked.body.purpose != _REGISTRATION:
            return asked.visit.call(identity.GRANT, _choice(asked.visit, asked.body.purpose))
        if asked.body.document_id is None:
            raise invalid([FieldError("pointer", "/document_id", "required")])
        registration = identity.RegisterRequest(
            session_token=asked.visit.require_token(),
            document_id=asked.body.document_id,
            email=asked.body.email,
            language=asked.visit.language,
            channel=_CHANNEL,
        )
        asked.visit.call(identity.REGISTER, registration)
        return _privacy(asked.visit)


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
        asked.visit.call(identity.REVOKE, _choice(asked.visit, purpose))


class ExportResource(Resource):
    """A copy of one's data (GDPR article 15)."""

    @operation(
        Operation(
            summary="All that the portal keeps about the citizen's identity, as a file",
            tag=_TAG,
            access=Access.SESSION,
            answer=identity.Export,
            answer_example={"data": {"citizen": {}, "consents": [], "sessions": []}},
        )
    )
    def on_get(self, asked: Asked) -> identity.Export:
        """Hand it over as a download."""
        asked.resp.downloadable_as = "export.json"
        return asked.visit.call(identity.EXPORT, identity.TokenRequest(session_token=asked.visit.require_token()))


def _privacy(visit: Visit) -> identity.Privacy:
    return visit.call(identity.PRIVACY, identity.TokenRequest(session_token=visit.require_token()))


def _choice(visit: Visit, purpose: str) -> identity.PurposeRequest:
    """Return a choice, and how it was made for the ledger of consents."""
    return identity.PurposeRequest(
        session_token=visit.require_token(), purpose=purpose, language=visit.language, channel=_CHANNEL
    )
