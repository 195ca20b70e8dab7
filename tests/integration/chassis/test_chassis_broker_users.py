"""The broker's users on a real RabbitMQ: what each may do and what it may not."""

import pytest
from amqp.exceptions import AccessRefused
from kombu import Connection, Consumer, Queue

from chassis.messaging import broker_users, wire
from chassis.messaging.broker_users import Management, rights_of
from chassis.messaging.publisher import ConfirmedPublisher, PublishFailed
from contracts.callers import CALLS, SERVICES
from contracts.events.payments import PAYMENT_CONFIRMED
from contracts.events.subscriptions import SUBSCRIPTIONS
from tests.integration.chassis import own_servers
from tests.integration.chassis.own_servers import ADMINISTRATOR, OwnRabbit

USER_PASSWORD = "of no worth"
CONFIRMED = next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == "practices.on_payment_confirmed")
CREATED = next(one.queue_name for one in SUBSCRIPTIONS if one.consumer == "payments.on_practice_created")
REPLY = "0" * 32


@pytest.fixture(name="rabbit", scope="module")
def make_rabbit():
    with own_servers.rabbit() as running:
        broker_users.apply(Management(running.management_url), dict.fromkeys(broker_users.USERS, USER_PASSWORD))
        with Connection(url_of(running, ADMINISTRATOR)) as connection:
            channel = connection.channel()
            for one in SUBSCRIPTIONS:
                wire.event_queue(one)(channel).declare()
                wire.own_queue(one.queue_name)(channel).declare()
                wire.dead_letter_queue(one.queue_name)(channel).declare()
            for service in SERVICES:
                Queue(f"rpc-{service}", wire.RPC_EXCHANGE, f"{service}.*", durable=True)(channel).declare()
                wire.retry_queue(service, 5)(channel).declare()
        yield running


def url_of(rabbit: OwnRabbit, user: str, *, scheme: str = "amqp") -> str:
    password = "administrator" if user == ADMINISTRATOR else USER_PASSWORD
    return rabbit.url(user, password.replace(" ", "%20"), scheme=scheme)


@pytest.fixture(name="channel_of")
def make_channel_of(rabbit):
    """Return a function that gives a user's channel."""
    opened = []

    def channel_of(user: str):
        connection = Connection(url_of(rabbit, user), connect_timeout=5)
        opened.append(connection)
        return connection.channel()

    yield channel_of
    for connection in opened:
        connection.release()


def consume(channel, name: str) -> None:
    Consumer(channel, [Queue(name, no_declare=True)], on_message=print).consume()


def publish(rabbit, user: str, exchange: str, routing_key: str) -> None:
    """Publish and wait for the broker's word. Raises PublishFailed."""
    publisher = ConfirmedPublisher(url_of(rabbit, user))
    try:
        publisher.publish_all([wire.Message(exchange=exchange, routing_key=routing_key, body=b"{}")])
    finally:
        publisher.close()


def waiting(channel, queue: str) -> int:
    return int(channel.queue_declare(queue, passive=True).message_count)


def bind(channel, queue: str, exchange: str, key: str) -> None:
    channel.queue_bind(queue, exchange, key)


QUEUES_OF_PAYMENTS = ("rpc-payments", CREATED, f"{CREATED}.dead", "payments.retry.5000ms")


@pytest.mark.parametrize("queue", QUEUES_OF_PAYMENTS)
@pytest.mark.parametrize("user", ["notices", "practices", "notices-relay", "gateway", "node", "payments-relay"])
def test_nobody_else_reads_payments_queues(channel_of, user, queue):
    with pytest.raises(AccessRefused):
        consume(channel_of(user), queue)
    with pytest.raises(AccessRefused):
        channel_of(user).basic_get(queue)
    with pytest.raises(AccessRefused):
        channel_of(user).queue_purge(queue)


@pytest.mark.parametrize("user", sorted(set(broker_users.USERS) - {"payments-relay"}))
def test_nobody_but_its_relay_publishes_payments_events(rabbit, channel_of, user):
    ways = {
        ("payments.events", PAYMENT_CONFIRMED.type),
        ("", CONFIRMED),
        *((f"{service}.retry.5000ms", CONFIRMED) for service in SERVICES),
        *((f"{service}.queues", CONFIRMED) for service in SERVICES),
    }
    own = {(exchange, key) for exchange, key in ways if user == "practices" and exchange.startswith("practices.")}
    for exchange, key in sorted(ways - own):
        try:
            publish(rabbit, user, exchange, key)
        except PublishFailed:
            continue
        # It may publish to exchanges of its own: they reach no queue of another.
        assert exchange.startswith(f"{user}."), exchange
    assert waiting(channel_of(ADMINISTRATOR), CONFIRMED) == 0


@pytest.mark.parametrize(
    ("exchange", "key"),
    [
        ("nameko-rpc", "payments.*"),
        ("nameko-rpc", "payments.pa_for_node"),
        ("nameko-rpc", "#"),
        ("nameko-rpc", "*.*"),
        ("payments.events", "#"),
        ("payments.events", "CheckoutStarted.v1"),
        ("practices.queues", "#"),
    ],
)
def test_no_queue_of_notices_listens_in_on_what_is_meant_for_others(channel_of, exchange, key):
    with pytest.raises(AccessRefused):
        bind(channel_of("notices"), "rpc-notices", exchange, key)


def test_the_gateway_listens_in_on_no_request_and_answers_none(rabbit, channel_of):
    channel = channel_of("gateway")
    channel.queue_declare(f"rpc.reply-{REPLY}", exclusive=True)
    bind(channel, f"rpc.reply-{REPLY}", "nameko-rpc", REPLY)
    with pytest.raises(AccessRefused):
        bind(channel, f"rpc.reply-{REPLY}", "nameko-rpc", "payments.*")
    with pytest.raises(PublishFailed):
        publish(rabbit, "gateway", "nameko-rpc", REPLY)


@pytest.mark.parametrize("user", broker_users.USERS)
def test_each_calls_the_services_it_calls_and_no_other(rabbit, user):
    allowed = set() if user.endswith("-relay") else {*CALLS[user], *({user} & set(SERVICES))}
    for service in SERVICES:
        if service in allowed:
            publish(rabbit, user, "nameko-rpc", f"{service}.ping")
        else:
            with pytest.raises(PublishFailed):
                publish(rabbit, user, "nameko-rpc", f"{service}.ping")


@pytest.mark.parametrize("user", broker_users.USERS)
def test_nobody_deletes_what_others_use(channel_of, user):
    of_others = {"nameko-rpc", *(f"{service}.events" for service in SERVICES), *(f"{one}.queues" for one in SERVICES)}
    own = {f"{user.removesuffix('-relay')}.events" if user.endswith("-relay") else f"{user}.queues"}
    for exchange in sorted(of_others - own):
        with pytest.raises(AccessRefused):
            channel_of(user).exchange_delete(exchange)
    queues = [queue for queue in ("rpc-cart", CREATED) if queue != CREATED or user != "payments"]
    for queue in queues if user not in {"cart", "practices-relay"} else []:
        with pytest.raises(AccessRefused):
            channel_of(user).queue_delete(queue)


def test_no_user_has_a_right_to_everything_or_to_the_management():
    for user in broker_users.USERS:
        rights = rights_of(user)
        for text in (rights.configure, rights.write, rights.read, *(one.write for one in rights.topics.values())):
            assert text == "^$" or (text.startswith("^(") and text.endswith(")$")), user
            assert ".*" not in text.replace(r"\.\*", ""), user
            assert "amq" not in text, user
