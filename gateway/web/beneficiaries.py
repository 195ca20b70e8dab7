"""The students a parent paid for: offered in the insertion form, forgotten from the privacy page."""

from collections.abc import Mapping, Sequence
from typing import Any

import falcon

from chassis.logs import get_logger
from contracts.errors import RpcError
from contracts.rpc import identity
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import STUDENT_FORGOTTEN
from gateway.web.page import Page, checked_form, see_other
from gateway.web.sessions import form_id

_log = get_logger("gateway.students")


class ForgetStudent(Page):
    """Dimentica."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Forget one student."""
        form = checked_form(req)
        visit = visit_of(req)
        visit.require_citizen()
        wanted = form_id(form.get("id"))
        visit.call(identity.FORGET_BENEFICIARY, session_token=visit.session_token, beneficiary_id=wanted)
        see_other(resp, addresses.announcing(addresses.PRIVACY, STUDENT_FORGOTTEN))


def remembered(visit: Visit) -> Sequence[Mapping[str, Any]]:
    """Return the students to offer; the form does without them when they cannot be had."""
    if not visit.registered_citizen:
        return ()
    try:
        found: Sequence[Mapping[str, Any]] = visit.call(identity.BENEFICIARIES, session_token=visit.session_token)[
            "beneficiaries"
        ]
    except RpcError as error:
        _log.warning("students_not_shown", code=error.code.value)
        return ()
    return found


def remember(visit: Visit, beneficiary: Mapping[str, str]) -> None:
    """Keep a student for the next time; an insertion does not fail for it."""
    if not visit.registered_citizen:
        return
    try:
        visit.call(identity.REMEMBER_BENEFICIARY, session_token=visit.session_token, beneficiary=beneficiary)
    except RpcError as error:
        _log.warning("student_not_remembered", code=error.code.value)
