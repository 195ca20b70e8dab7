"""What the help desk tells who could not log in, by the reference they were shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chassis.storage.database import Database
from contracts.rpc.help_desk import RefusedLogin, RefusedLoginReply, RefusedLoginRequest
from services.identity import models
from services.identity.saml.refusal import Reason

_CLOCK: Final = "a clock is wrong, ours or the identity provider's, by more than 30 s; for whoever runs the portal"
_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.USER_ANOMALY: "the identity provider refused it for a reason of the person's own: the page said which",
    Reason.OTHER_BROWSER: "the answer came without the cookie of its login: another browser, or cookies blocked",
    Reason.UNSOLICITED: "the answer belongs to no login of ours: to be begun from the portal, not from a bookmark",
    Reason.REQUEST_EXPIRED: "the answer came more than 15 minutes after the login was begun: begin again",
    Reason.REQUEST_CONSUMED: "the answer came twice: the page was reloaded or gone back to; begin again",
    Reason.REPLAYED: "the answer had been used before: begin again",
    Reason.LEVEL_TOO_LOW: "the identity provider answered at a lower SPID level than was asked for",
    Reason.FISCAL_CODE: "the identity has no Italian fiscal code: the person can use the anonymous insertion",
    Reason.STATUS_NOT_SUCCESS: "the identity provider refused our request, see `detail`; for whoever runs the portal",
    Reason.RESPONSE_BEFORE_REQUEST: _CLOCK,
    Reason.RESPONSE_IN_FUTURE: _CLOCK,
    Reason.ASSERTION_BEFORE_REQUEST: _CLOCK,
    Reason.ASSERTION_IN_FUTURE: _CLOCK,
    Reason.CONDITIONS_NOT_YET_VALID: _CLOCK,
    Reason.IDP_CERTIFICATE_EXPIRED: "refresh-idps is due; for whoever runs the portal",
    Reason.SIGNATURE_INVALID: "refresh-idps may be due; for whoever runs the portal",
}
_OTHER: Final = "the answer was not as SPID wants it; for whoever runs the portal, who finds it with extract-trace"


@dataclass(frozen=True)
class RefusedLoginReport:
    """What is known of a refused login; nothing personal. `meaning` says the reason in words."""

    reference: str
    at: datetime
    reason: Reason
    meaning: str
    detail: str
    anomaly: int | None
    identity_provider: str | None
    entity_code: str | None
    request_id: str | None


def why_refused(database: Database, reference: str) -> RefusedLoginReport | None:
    """Return what is known of a refused login; None when the reference is unknown or older than a month."""
    with database.reading() as session:
        found = session.get(models.RefusedLogin, reference.strip().upper())
    if found is None:
        return None
    reason = Reason(found.reason)
    return RefusedLoginReport(
        reference=found.reference,
        at=found.at,
        reason=reason,
        meaning=_ADVICE.get(reason, _OTHER),
        detail=found.detail,
        anomaly=found.anomaly,
        identity_provider=found.idp_entity_id,
        entity_code=found.entity_code,
        request_id=found.request_id,
    )


def refused_login(database: Database, request: RefusedLoginRequest) -> RefusedLoginReply:
    """Return what an entity's office is told of a refused login; nothing of one in another entity's pages."""
    report = why_refused(database, request.reference)
    if report is None or report.entity_code not in (None, request.entity_code):
        return RefusedLoginReply()
    told = RefusedLogin(reference=report.reference, at=report.at, reason=report.reason.value, anomaly=report.anomaly)
    return RefusedLoginReply(login=told)
