"""Ten thousand changed copies of a genuine answer, each against a login that is waiting for it."""

import random
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from chassis.database import Tx
from contracts.errors import Refused
from services.identity.usecases import login
from tests.integration.identity.conftest import NOW, Portal
from tests.unit.identity.mutations import mutated

MUTANTS = 10_000
PARTS = 4


class ForgetfulDatabase:
    """Takes back the work of each transaction, done on PostgreSQL inside `tx`, so that the login goes on waiting."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Give a transaction that is rolled back."""
        before = self._tx.session.begin_nested()
        yield self._tx
        self._tx.session.flush()
        self._tx.session.expunge_all()  # they stay readable after it, as after a commit
        before.rollback()


def outcome(portal: Portal, forgetful: ForgetfulDatabase, document: bytes) -> str:
    """Hand a document in as the gateway does; return `granted`, or the reason that stands in the log."""
    request = {"saml_response": b64encode(document).decode(), "relay_state": "", "browser_token": "browser"}
    with capture_logs() as lines:
        try:
            login.finish(cast("Any", forgetful), portal.settings, request, NOW)
        except Refused as refused:
            reasons = [str(line["reason"]) for line in lines if line["event"] == refused.code.value == "login_refused"]
            return reasons[0]
    return login.GRANTED


@pytest.mark.parametrize("part", range(PARTS))
def test_no_changed_answer_logs_anybody_in_and_none_is_a_server_error(portal: Portal, part: int) -> None:
    chance = random.Random(part)
    original = b64decode(portal.answer(portal.begin()))
    reasons: Counter[str] = Counter()
    with portal.database.transaction() as tx:
        forgetful = ForgetfulDatabase(tx)
        for _ in range(MUTANTS // PARTS):
            changed = mutated(original, chance)
            reason = outcome(portal, forgetful, changed)
            assert reason != login.GRANTED, changed
            reasons[reason] += 1
        # The login was waiting all the time.
        assert outcome(portal, forgetful, original) == login.GRANTED
    assert "request_consumed" not in reasons
    # The changes reached checks of every kind.
    assert {"malformed_xml", "unsolicited", "signature_invalid"} <= reasons.keys()
    assert len(reasons) >= 15
