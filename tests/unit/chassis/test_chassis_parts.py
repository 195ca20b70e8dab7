"""The pure parts of the chassis: addresses, errors on the wire, remembered answers, deadlines."""

import json
import time
from datetime import UTC, date, datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid4

import pytest
from environs import EnvError
from hypothesis import given
from hypothesis import strategies as st

from chassis import deadline, settings
from chassis.messaging import rpc_errors, wire
from chassis.storage import stored_values
from contracts import error_details as details
from contracts.error_details import DETAIL_OF, ErrorDetail
from contracts.errors import Broken, ErrorCode, Refused, RpcError, Unavailable
from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.events.subscriptions import Subscription


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_the_driver_is_always_psycopg2(scheme):
    assert settings.with_driver(f"{scheme}://u:p@h:1/d") == "postgresql+psycopg2://u:p@h:1/d"


@pytest.mark.parametrize("url", ["sqlite:///x", "mysql://h/d", "h/d", ""])
def test_another_database_than_postgresql_is_refused(url):
    with pytest.raises(ValueError, match="PostgreSQL"):
        settings.with_driver(url)


def test_a_services_database_is_named_after_it_unless_its_own_address_is_given(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://u@h/portal?sslmode=require")
    assert settings.database_url("practices") == ("postgresql+psycopg2://u@h/portal_practices?sslmode=require")
    monkeypatch.setenv("PRACTICES_DATABASE_URL", "postgresql://other/p")
    assert settings.database_url("practices") == "postgresql+psycopg2://other/p"
    assert settings.database_url("cart").startswith("postgresql+psycopg2://u@h/portal_cart")


def test_the_settings_have_defaults_and_read_the_environment(monkeypatch):
    for name in ("AMQP_URL", "EVENT_RETRY_DELAYS_S", "MAX_WORKERS", "METRICS_PORT"):
        monkeypatch.delenv(name, raising=False)
    assert settings.ChassisSettings.load().event_retry_delays_s == (5, 30, 300, 3600)
    assert settings.ChassisSettings.load().metrics_port is None
    monkeypatch.setenv("EVENT_RETRY_DELAYS_S", "0.1,2")
    monkeypatch.setenv("METRICS_PORT", "9100")
    loaded = settings.ChassisSettings.load()
    assert (loaded.event_retry_delays_s, loaded.metrics_port) == ((0.1, 2.0), 9100)


def test_a_cluster_has_an_address_for_each_node_and_one_password(monkeypatch):
    monkeypatch.setenv("AMQP_URL", "amqps://portal@one//; amqps://portal@two:5671//;amqps://portal:own@three//;")
    monkeypatch.setenv("AMQP_PASSWORD", "a;b/c")
    one, two, three = settings.ChassisSettings.load().amqp_url.split(";")
    assert (urlsplit(one).hostname, urlsplit(two).netloc.partition("@")[2]) == ("one", "two:5671")
    assert {unquote(urlsplit(address).password or "") for address in (one, two)} == {"a;b/c"}
    assert urlsplit(three).password == "own"


@pytest.mark.parametrize("wrong", [" ; ", "amqp://one//;amqps://two//"])
def test_a_brokers_addresses_are_some_and_of_one_kind(monkeypatch, wrong):
    monkeypatch.setenv("AMQP_URL", wrong)
    with pytest.raises(EnvError, match="AMQP_URL"):
        settings.ChassisSettings.load()


PRACTICE, OTHER, CHECKOUT = UUID(int=1), UUID(int=2), UUID(int=3)
MOMENT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
# An example of each detail; the test of the table below asks for one of every type.
DETAILS: dict[type[ErrorDetail] | None, ErrorDetail] = {
    type(detail): detail
    for detail in (
        details.InvalidRequest(fields={"amount_cents": ["Not a valid integer."]}),
        details.TooLong(max=140, length=141),
        details.AmountNotAllowed(min_cents=100, unit_cents=2500),
        details.AmountChanged(total_cents=12_345),
        details.ScheduleNotAllowed(field="reduced_cents"),
        details.NotANoticeNumber(looks_like="digits", digits=17),
        details.MissingFields(fields=["course"]),
        details.TooManyRequests(retry_after_s=30),
        details.LoginRefused(reference="AB12", anomaly=25, entity_code="PM108"),
        details.SpidLevelTooLow(entity_code="PM108", spid_level=1, spid_level_wanted=2),
        details.ConsentMissing(document_id="privacy-1"),
        details.ScopeMissing(scope="debts:write"),
        details.RoleMissing(operation="practices.amend"),
        details.ChangedMeanwhile(
            version=3,
            actor_kind="operator",
            actor_id=str(OTHER),
            operation="practices.amend",
            at=MOMENT,
            fields=["amount_cents"],
        ),
        details.WhichPractice(practice_id=PRACTICE),
        details.BeingPaid(practice_id=PRACTICE, since=MOMENT, until=MOMENT, checkout_id=None),
        details.NotAmendable(state="paid"),
        details.DuplicatesFound(
            equals=[
                details.DuplicatePractice(
                    practice_id=PRACTICE, equal_id=OTHER, standing="paid", since=MOMENT, until=None
                )
            ]
        ),
        details.CartFull(max=5),
        details.SessionEnded(reason="new_login"),
        details.CheckoutProblem(status=422, title="Unprocessable", detail="Invalid payment notice data"),
        details.TooLarge(max_rows=20_000),
        details.WrongHeader(expected=["amount"], missing=["amount"]),
        details.NotApplicable(refused=3),
        details.Unreadable(reason="not XML"),
        details.OutOfReach(service="practices"),
        details.ExtraFieldNotAllowed(field="targa", problem="required"),
        details.RefundLimit(max_cents=15_000),
        details.StepNotAllowed(state="decided"),
        details.TotalsDiffer(count=2, total_cents=100, rows_count=2, rows_cents=99),
    )
}


def test_there_is_an_example_of_every_detail():
    assert set(DETAILS) == set(DETAIL_OF.values())


def test_a_detail_does_not_tell_what_is_absent_but_tells_what_is_nobodys():
    being_paid = DETAILS[details.BeingPaid]
    assert being_paid.as_json() == {
        "practice_id": str(PRACTICE),
        "since": "2026-03-29T01:30:00+00:00",
        "until": "2026-03-29T01:30:00+00:00",
        "checkout_id": None,
    }
    assert details.CartFull(limit=5).as_json() == {"limit": 5}


@pytest.mark.parametrize("family", [Refused, Unavailable, Broken])
@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_crosses_the_wire_unchanged(family, code):
    sent = family(code, DETAILS.get(DETAIL_OF.get(code)))
    received = rpc_errors.from_wire(json.loads(json.dumps(rpc_errors.to_wire(sent))))
    assert (type(received), received.code, received.detail) == (family, code, sent.detail)
    assert received.params == sent.params


@pytest.mark.parametrize(
    "wire_error",
    [
        {},
        {"exc_type": "KeyError", "exc_path": "builtins.KeyError", "exc_args": ["x"], "value": "x"},
        {"exc_path": "contracts.errors.Refused"},
        {"exc_path": "contracts.errors.Refused", "exc_args": "ab"},
    ],
)
def test_an_error_of_another_kind_arrives_as_broken(wire_error):
    assert rpc_errors.from_wire(wire_error).code == ErrorCode.INTERNAL_ERROR


def test_a_code_of_a_newer_service_keeps_its_family():
    error = {"exc_path": "contracts.errors.Refused", "exc_args": ["brand_new_code", {}]}
    assert isinstance(rpc_errors.from_wire(error), Refused)


def test_a_stock_nameko_client_can_rebuild_the_error_from_its_arguments():
    arguments = rpc_errors.to_wire(Refused(ErrorCode.CART_FULL, details.CartFull(limit=5)))["exc_args"]
    assert isinstance(Refused(*arguments), RpcError)
    assert Refused(*arguments).params == {"limit": 5}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.uuids()
    | st.dates()
    | st.datetimes(timezones=st.just(UTC)),
    lambda children: st.lists(children) | st.dictionaries(st.text().filter(lambda key: key[:1] != "$"), children),
)


@given(VALUES)
def test_a_remembered_answer_comes_back_as_it_was(value):
    assert stored_values.decode(json.loads(json.dumps(stored_values.encode(value)))) == value


def test_a_fingerprint_depends_on_values_and_not_on_the_order_of_keys():
    one = {"id": UUID(int=1), "on": date(2026, 3, 29), "cents": 1600}
    assert stored_values.fingerprint(one) == stored_values.fingerprint(dict(reversed(one.items())))
    assert stored_values.fingerprint(one) != stored_values.fingerprint({**one, "cents": 1601})
    assert stored_values.fingerprint(one) != stored_values.fingerprint({**one, "id": uuid4()})


def test_a_call_waits_no_longer_than_the_work_it_belongs_to():
    assert deadline.remaining_s(5) == 5
    with deadline.until(time.monotonic() + 1):
        assert 0.9 < deadline.remaining_s(5) <= 1
        assert deadline.remaining_s(0.5) == 0.5
        with deadline.until(None):
            assert deadline.remaining_s(5) == 5
    assert deadline.remaining_s(5) == 5


def test_queues_are_named_as_nameko_names_them():
    queue = wire.event_queue(Subscription("practices.on_payment_confirmed", PAYMENT_CONFIRMED))
    assert queue.name == "evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed"
    assert (queue.exchange.name, queue.exchange.type, queue.routing_key) == (
        "payments.events",
        "topic",
        "PaymentConfirmed.v1",
    )


def test_a_retry_queue_sends_back_to_the_services_own_exchange_under_the_name_of_the_queue():
    queue = wire.retry_queue("practices", 0.5)
    assert queue.name == "practices.retry.500ms"
    assert queue.queue_arguments == {"x-message-ttl": 500, "x-dead-letter-exchange": "practices.queues"}
    back = wire.own_queue("evt-payments-PaymentConfirmed.v1--practices.on_payment_confirmed")
    assert (back.exchange.name, back.routing_key) == ("practices.queues", back.name)


def test_times_are_aware():
    from chassis import clock

    assert clock.now().utcoffset() == datetime.now(UTC).utcoffset()
