"""Changed copies of genuine answers, posted to the gateway's ACS in front of the running service.

Ten thousand at night, and always a fifth of them: the logins 0 to 7, each of which is the seed of its changes.

Each meets a login that is waiting for it: the database is made to forget that an answer used its request up.
"""

import random
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import decompress

import pytest
import requests
import sqlalchemy as sa
from lxml import etree

from chassis.storage.database import Database
from tests.integration.conftest import Gateway
from tests.integration.identity.conftest import MARIO, PUBLIC_URL, Portal
from tests.shares import share
from tests.unit.identity.mutations import mutated

LOGINS = share(in_ci=8, nightly=40)
MUTANTS_PER_LOGIN = 250
CLIENTS = 8
TRIES = 5
UNANSWERED = (503, 504)

WAITING_FOR_EVER = """
CREATE FUNCTION wait_on() RETURNS trigger AS $$ BEGIN NEW.consumed_at := NULL; RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER wait_on BEFORE UPDATE ON authn_requests FOR EACH ROW EXECUTE FUNCTION wait_on();
CREATE FUNCTION trace_last() RETURNS trigger AS $$
    BEGIN DELETE FROM saml_traces WHERE request_id = NEW.request_id; RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER trace_last BEFORE INSERT ON saml_traces FOR EACH ROW EXECUTE FUNCTION trace_last();
"""
AS_BEFORE = "DROP FUNCTION IF EXISTS wait_on CASCADE; DROP FUNCTION IF EXISTS trace_last CASCADE"


@pytest.fixture
def waiting(portal: Portal) -> Iterator[None]:
    """Let a request be answered again and again; only the last answer to it is traced."""
    run_sql(portal.database, AS_BEFORE + ";" + WAITING_FOR_EVER)
    yield
    run_sql(portal.database, AS_BEFORE)


def run_sql(database: Database, statements: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text(statements))


@dataclass
class Client:
    """Somebody at the gateway with a login begun, as the identity provider sees their browser."""

    gateway: Gateway
    portal: Portal

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.resent = 0
        begun = self._answered("GET", f"{self.gateway.url}/spid/login?idp=prova-1")
        query = parse_qs(urlsplit(begun.headers["Location"]).query)
        message = etree.fromstring(decompress(b64decode(query["SAMLRequest"][0]), wbits=-15))
        self.relay_state = query["RelayState"][0]
        self.cookies = dict(begun.cookies)
        self.genuine = b64decode(self.portal.answer(str(message.get("ID")), MARIO, now=datetime.now(UTC)))

    def send(self, document: bytes) -> requests.Response:
        """Post a document to the ACS."""
        self.session.cookies.clear()
        form = {"SAMLResponse": b64encode(document).decode(), "RelayState": self.relay_state}
        return self._answered("POST", f"{self.gateway.url}/spid/acs", data=form, cookies=self.cookies)

    def _answered(self, method: str, address: str, **what: Any) -> requests.Response:
        """Ask again where a machine with too much to do did not answer in time."""
        for _ in range(TRIES):
            answer = self.session.request(method, address, allow_redirects=False, timeout=60, **what)
            if answer.status_code not in UNANSWERED:
                break
            self.resent += 1
        return answer


def attack(gateway: Gateway, portal: Portal, seed: int) -> Counter[int]:
    """Send changed copies of one genuine answer, and at last the answer itself; count the statuses of the copies."""
    chance, client = random.Random(seed), Client(gateway, portal)
    statuses: Counter[int] = Counter()
    for _ in range(MUTANTS_PER_LOGIN):
        changed = mutated(client.genuine, chance)
        answer = client.send(changed)
        assert "session" not in answer.cookies, changed
        statuses[answer.status_code] += 1
    resent_before = client.resent
    accepted = client.send(client.genuine)
    if client.resent == resent_before:  # else it may have been taken without our hearing of it, and not twice
        outcome = (accepted.status_code, "session" in accepted.cookies)
        assert outcome == (303, True), "the login was waiting all the time"
    return statuses


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("waiting")
def test_no_changed_answer_logs_anybody_in_and_none_is_a_server_error(
    portal: Portal,
    spid_environment: dict[str, str],
    run_service: Callable[..., Any],
    start_gateway: Callable[..., Gateway],
) -> None:
    run_service("cart")  # each page asks it; where its queue is left of other tests and nobody answers, for two seconds
    service = run_service("identity", env=spid_environment)
    gateway = start_gateway(workers=2, PUBLIC_URL=PUBLIC_URL, LOGIN_RATE="1000000/minute")
    with ThreadPoolExecutor(CLIENTS) as clients:
        counted = clients.map(lambda seed: attack(gateway, portal, seed), range(LOGINS))
        statuses = sum(counted, Counter[int]())
    assert statuses == {403: LOGINS * MUTANTS_PER_LOGIN}
    reasons = Counter(line["reason"] for line in service.lines("login_refused"))
    print(f"{sum(statuses.values())} changed answers: 0 accepted, 0 server errors; {len(reasons)} reasons: {reasons}")
    assert reasons.total() > 0.99 * statuses.total(), "the gateway itself refuses only what is empty"
    assert "request_consumed" not in reasons
    # The changes reached checks of every kind.
    assert {"malformed_xml", "unsolicited", "signature_invalid"} <= reasons.keys()
    assert len(reasons) >= 15
    assert '"level": "error"' not in service.log()
    unavailable = ("service_unavailable", "outcome_unknown")
    assert [line for line in gateway.process.lines("failure") if line["code"] not in unavailable] == []
