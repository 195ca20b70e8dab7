"""Logging in to an office with SPID or CIE."""

from datetime import datetime

from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from contracts.rpc.identity import FinishLoginRequest, StartLogin
from contracts.rpc.operators import FinishOfficeLogin, StartOfficeLoginRequest
from services.identity.domain import LoginRefusal
from services.identity.operators import repository, sign_in
from services.identity.operators.domain import operator_rules
from services.identity.operators.domain.operator_rules import SignedInPerson
from services.identity.operators.sign_in import OpenedSession
from services.identity.saml.idp_registry import IdpRegistry
from services.identity.settings import Settings
from services.identity.usecases import login
from services.identity.usecases.login import LoginWanted, Verified


def start(
    database: Database, settings: Settings, registry: IdpRegistry, request: StartOfficeLoginRequest, now: datetime
) -> StartLogin:
    """Begin a login into an office. Raises Refused(UNKNOWN_IDENTITY_PROVIDER), (INVALID_REQUEST)."""
    with database.reading() as session:
        token = request.office_token
        had = repository.find_session(session, sign_in.digest(token)) if token else None
    wanted = LoginWanted(
        idp=request.idp,
        entity_code=request.entity_code,
        return_to=request.return_to,
        browser_token=request.browser_token,
        level=level_for(settings, request.entity_code),
        office=True,
        replaced_session_id=had.id if had else None,
    )
    return login.begin(database, settings, registry, wanted, now)


def level_for(settings: Settings, entity_code: str) -> int:
    """Return the SPID level that the office of an entity wants."""
    return max(operator_rules.LEVEL_MIN, settings.level_of(entity_code))


def finish(
    database: Database, settings: Settings, registry: IdpRegistry, request: FinishLoginRequest, now: datetime
) -> FinishOfficeLogin:
    """Take the identity provider's answer and open an office session.

    Traced as a citizen's login is. Raises Refused(LOGIN_REFUSED) with a reference, (NOT_AN_OPERATOR).
    """
    with database.transaction() as tx:
        judged = login.verified_answer(tx, settings, registry, request, now, office=True)
        opened = None if isinstance(judged, LoginRefusal) else _session(tx, settings, judged, now)
    if isinstance(judged, LoginRefusal):
        raise login.refusal_of(judged, registry)
    if opened is None:
        raise Refused(ErrorCode.NOT_AN_OPERATOR)
    pending = judged.pending
    return FinishOfficeLogin(
        office_token=opened.token,
        return_to=pending.return_to,
        entity_code=pending.entity_code,
        ended_sessions=opened.ended_sessions,
    )


def _session(tx: Tx, settings: Settings, verified: Verified, now: datetime) -> OpenedSession | None:
    pending = verified.pending
    person = SignedInPerson(
        fiscal_code=verified.asserted.fiscal_code,
        name=verified.asserted.name,
        family_name=verified.asserted.family_name,
        level=verified.assertion.level,
        provider=pending.idp_entity_id,
        subject=verified.assertion.name_id,
        entity_code=pending.entity_code,
        body_code=settings.body_code(pending.entity_code),
    )
    return sign_in.open_session(tx, person, pending.replaced_session_id, now)
