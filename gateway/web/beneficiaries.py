"""The students a citizen paid for: offered in the insertion form, forgotten from the privacy page."""

from collections.abc import Sequence

import falcon

from chassis.logs import get_logger
from contracts.errors import RpcError
from contracts.rpc import identity
from contracts.rpc.identity import RememberedBeneficiary
from contracts.shapes import Beneficiary
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import BENEFICIARY_FORGOTTEN
from gateway.web.page import Page, checked_form, form_id, next_place, see_other

_log = get_logger("gateway.beneficiaries")


class ForgetBeneficiary(Page):
    """Dimentica."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Forget one student."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        request = identity.ForgetBeneficiaryRequest(
            session_token=visit.require_token(), beneficiary_id=form_id(form.get("id"))
        )
        visit.call(identity.FORGET_BENEFICIARY, request)
        see_other(
            resp,
            addresses.announcing(addresses.PRIVACY, BENEFICIARY_FORGOTTEN, next_place(form, addresses.student_place)),
        )


def remembered(visit: Visit) -> Sequence[RememberedBeneficiary]:
    """Return the students that a registered citizen can be offered; the form does without them while identity is down.

    Raises Refused(LOGIN_REQUIRED).
    """
    request = identity.TokenRequest(session_token=visit.require_token())
    try:
        return visit.call(identity.BENEFICIARIES, request).beneficiaries
    except RpcError as error:
        _log.warning("students_not_shown", code=error.code.value)
        return ()


def remember(visit: Visit, beneficiary: Beneficiary) -> None:
    """Remember a registered citizen's student for the next time; an insertion does not fail for it.

    Raises Refused(LOGIN_REQUIRED).
    """
    request = identity.RememberBeneficiaryRequest(session_token=visit.require_token(), beneficiary=beneficiary)
    try:
        visit.call(identity.REMEMBER_BENEFICIARY, request)
    except RpcError as error:
        _log.warning("student_not_remembered", code=error.code.value)
