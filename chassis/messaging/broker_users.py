"""A user of the broker for each process, which may use that process's own queues and exchanges and nothing else.

    python -m chassis.broker_users apply

It is part of each deploy, speaks RabbitMQ's management API (BROKER_ADMIN_URL), and changes nothing the second time.
Each user has the password of <USER>_BROKER_PASSWORD (PAYMENTS_BROKER_PASSWORD, PAYMENTS_RELAY_BROKER_PASSWORD); one
without a password is not made.

RabbitMQ asks for `configure` to make or delete a thing, `write` to publish to an exchange or to bind a queue, `read` to
consume a queue or to bind to an exchange; on topic exchanges also which routing keys one may publish and bind with.
Nobody may publish to the default exchange, which reaches every queue.
"""

import base64
import http.client
import json
import re
import ssl
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from chassis import logs
from chassis.messaging import wire
from chassis.settings import ChassisSettings, amqp_ca_file, environment, with_password
from contracts.callers import CALLS, SERVICES
from contracts.events import EVENTS
from contracts.events.subscriptions import SUBSCRIPTIONS

log = logs.get_logger(__name__)

RELAYS: Final = tuple(
    f"{service}-relay" for service in SERVICES if any(event.source == service for event in EVENTS.values())
)
USERS: Final = (*SERVICES, *RELAYS, "gateway", "node")
_TIMEOUT_S: Final = 10.0
_REPLY_QUEUE: Final = r"rpc\.reply-[0-9a-f]{32}"
_REPLY_KEY: Final = "[0-9a-f]{32}"
_METHOD: Final = r"\.[a-z_]+"
_RPC: Final = wire.RPC_EXCHANGE.name


class ManagementError(Exception):
    """The broker's management refused, or did not answer."""


@dataclass(frozen=True)
class TopicRights:
    """Regular expressions for the routing keys one may publish and bind with."""

    write: str
    read: str


@dataclass(frozen=True)
class Rights:
    """Regular expressions for the names of queues and exchanges, and rights by topic exchange."""

    configure: str
    write: str
    read: str
    topics: Mapping[str, TopicRights] = field(default_factory=dict)


def rights_of(user: str) -> Rights:
    """Return what a user may do."""
    if user.endswith("-relay"):
        return _of_relay(user.removesuffix("-relay"))
    return _of_service(user) if user in SERVICES else _of_door(user)


def _of_relay(service: str) -> Rights:
    """A relay makes its exchange and the queues that hear it, and publishes; it consumes nothing."""
    events = re.escape(wire.event_exchange(service).name)
    queues = rf"evt-{service}-[^-]+--[a-z]+{_METHOD}"
    return Rights(configure=_any(events, queues), write=_any(events, queues), read=_any(events))


def _of_service(service: str) -> Rights:
    """A service consumes its requests and events, puts events off and aside, and calls whom it calls."""
    own = _any(
        rf"rpc-{service}",
        _REPLY_QUEUE,
        rf"evt-[^-]+-[^-]+--{service}{_METHOD}(\.dead)?",
        re.escape(wire.own_exchange(service).name),
        rf"{service}\.retry\.[0-9]+ms",
    )
    heard: dict[str, list[str]] = {}
    for one in SUBSCRIPTIONS:
        if one.consumer.split(".")[0] == service:
            heard.setdefault(wire.event_exchange(one.event_type.source).name, []).append(re.escape(one.event_type.type))
    rpc = TopicRights(
        write=_any(_REPLY_KEY, _requests((service, *CALLS[service]))), read=_any(_REPLY_KEY, rf"{service}\.\*")
    )
    bindings = {exchange: TopicRights(write="^$", read=_any(*keys)) for exchange, keys in heard.items()}
    return Rights(
        configure=own,
        write=_any(own, _RPC),
        read=_any(own, _RPC, *map(re.escape, heard)),
        topics={_RPC: rpc, **bindings},
    )


def _of_door(name: str) -> Rights:
    """The gateway and the node's door call, and hear the replies."""
    reply = _any(_REPLY_QUEUE)
    return Rights(
        configure=reply,
        write=_any(reply, _RPC),
        read=_any(reply, _RPC),
        topics={_RPC: TopicRights(write=_any(_requests(CALLS[name])), read=_any(_REPLY_KEY))},
    )


def _requests(services: Iterable[str]) -> str:
    return rf"({'|'.join(services)}){_METHOD}"


def _any(*patterns: str) -> str:
    """Return one expression for the whole name; RabbitMQ's find a match anywhere."""
    return f"^({'|'.join(pattern.removeprefix('^').removesuffix('$') for pattern in patterns)})$"


class Management:
    """RabbitMQ's management API, for one virtual host: the path of the address, as in AMQP_URL (`//` is `/`)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = parts
        self.vhost = unquote(parts.path.removeprefix("/")) or "/"
        credentials = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
        self._authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"

    def put(self, *path: str, **body: Any) -> None:
        """Make a thing, or make it what it should be. Raises ManagementError."""
        address = "/api/" + "/".join(quote(part, safe="") for part in path)
        headers = {"Authorization": self._authorization, "Content-Type": "application/json"}
        connection = self._connection()
        try:
            connection.request("PUT", address, json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ManagementError(f"the broker's management does not answer: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise ManagementError(f"the broker's management answers {answer.status} for {path[0]}")

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._server.hostname or "", self._server.port
        if self._server.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        proven_by = ssl.create_default_context(cafile=amqp_ca_file())
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=proven_by)


def apply(management: Management, passwords: Mapping[str, str]) -> None:
    """Make the exchanges that several use, and each user for whom there is a password. Raises ManagementError."""
    sources = sorted({event.source for event in EVENTS.values()})
    for exchange in (wire.RPC_EXCHANGE, *map(wire.event_exchange, sources)):
        management.put("exchanges", management.vhost, exchange.name, type=exchange.type, durable=True)
    for user, password in passwords.items():
        rights = rights_of(user)
        management.put("users", user, password=password, tags="")
        for exchange_name, topic in rights.topics.items():
            rule = {"exchange": exchange_name, "write": topic.write, "read": topic.read}
            management.put("topic-permissions", management.vhost, user, **rule)
        names = {"configure": rights.configure, "write": rights.write, "read": rights.read}
        management.put("permissions", management.vhost, user, **names)


def password_setting(user: str) -> str:
    """Return the name of the setting with a user's password."""
    return f"{user.upper().replace('-', '_')}_BROKER_PASSWORD"


def passwords_given(users: Iterable[str] = USERS) -> dict[str, str]:
    """Return the passwords that the environment gives, by user."""
    env = environment()
    found = {user: env.str(password_setting(user), "") for user in users}
    return {user: password for user, password in found.items() if password}


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if arguments != ["apply"]:
        sys.stderr.write("usage: python -m chassis.broker_users apply\n")
        return 2
    logs.configure("broker-users", ChassisSettings.load().log_level)
    env = environment()
    url = with_password(
        env.str("BROKER_ADMIN_URL", "http://guest@127.0.0.1:15672//"), env.str("BROKER_ADMIN_PASSWORD", "")
    )
    passwords = passwords_given()
    try:
        apply(Management(url), passwords)
    except ManagementError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    log.info("broker_users_applied", users=sorted(passwords), without=sorted(set(USERS) - set(passwords)))
    return 0
