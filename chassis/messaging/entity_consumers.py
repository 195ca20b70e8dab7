"""The entities' own software on the broker: each sees its own exchange, and has queues of its own.

    python -m chassis.entity_consumers password
    python -m chassis.entity_consumers apply

`password` prints a new password, to be handed to the body, and its hash. ENTITY_CONSUMERS_FILE lists who there is, JSON
`[{"entity_code": "PM108", "password_hash": "…", "with_debtor": false}]`; `with_debtor` says that the copies of what is
owed carry the debtor's fiscal code and address too. `apply` makes of it, through RabbitMQ's management
(BROKER_ADMIN_URL), the exchange `<entity>.events`, the user `<entity>-consumer` and a bound to its queues; and, where
ENTITY_ROUTER_BROKER_PASSWORD gives its password, the user of the process that copies (chassis.messaging.entity_router).
It changes nothing the second time. Who is taken out of the file keeps a user until that is deleted at the broker.

The user may make queues whose names begin with `<entity>.`, bind them to that exchange and read them: nothing else. A
queue nobody reads loses its oldest message for each beyond MESSAGES_MAX, so that it holds up nobody.
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from environs import EnvError
from kombu import Exchange

from chassis import logs
from chassis.messaging import wire
from chassis.messaging.broker_users import Management, ManagementError, passwords_given
from chassis.settings import ChassisSettings, environment, with_password
from contracts.callers import SERVICES

log = logs.get_logger(__name__)

ROUTER: Final = "entity-router"
ROUTED: Final = ("practices", "payments")
"""Whose events entities may see: those of the feed."""
MESSAGES_MAX: Final = 1_000_000
_SALT_BYTES: Final = 4
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,35}")


@dataclass(frozen=True)
class EntityConsumer:
    """An entity whose software listens; `with_debtor`: it gets the debtor's fiscal code and address."""

    entity_code: str
    password_hash: str = ""
    with_debtor: bool = False

    @property
    def user(self) -> str:
        """Return the name of its user of the broker."""
        return f"{self.entity_code}-consumer"


def entity_exchange(entity_code: str) -> Exchange:
    """Return the topic exchange of an entity's own events."""
    return Exchange(f"{entity_code}.events", type="topic", durable=True)


def load(path: str) -> Sequence[EntityConsumer]:
    """Read ENTITY_CONSUMERS_FILE; no path: nobody. Raises EnvError, saying what is wrong with it."""
    if not path:
        return ()
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
        found = [EntityConsumer(**row) for row in rows]
    except (OSError, ValueError, TypeError) as error:
        raise EnvError(f"ENTITY_CONSUMERS_FILE cannot be read: {type(error).__name__}") from None
    for one in found:
        # An exchange of that name would be a service's.
        if not _CODE.fullmatch(one.entity_code) or one.entity_code in SERVICES:
            raise EnvError(f"ENTITY_CONSUMERS_FILE: {one.entity_code!r} cannot have an exchange")
    return found


def file_named() -> str:
    """Return the path of the file, as the environment says it; empty where there is none."""
    return environment().str("ENTITY_CONSUMERS_FILE", "")


def hash_of(password: str, salt: bytes) -> str:
    """Return what RabbitMQ stores of a password (rabbit_password_hashing_sha256)."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def apply(management: Management, consumers: Sequence[EntityConsumer], router_password: str = "") -> None:
    """Make exchange, user and bound of each, and the router's user where there is a password.

    Raises ManagementError, EnvError for a hash that is none.
    """
    for one in consumers:
        _check_hash(one)
    if router_password:
        _make_router(management, router_password)
    for one in consumers:
        exchange = entity_exchange(one.entity_code).name
        management.put("exchanges", management.vhost, exchange, type="topic", durable=True)
        hashed = {"password_hash": one.password_hash, "hashing_algorithm": "rabbit_password_hashing_sha256"}
        management.put("users", one.user, tags="", **hashed)
        code = re.escape(one.entity_code)
        own_queues = rf"^{code}\.(?!events$).+$"
        rights = {"configure": own_queues, "write": own_queues, "read": rf"^{code}\..+$"}
        management.put("topic-permissions", management.vhost, one.user, exchange=exchange, write="^$", read=".*")
        management.put("permissions", management.vhost, one.user, **rights)
        bound = {"max-length": MESSAGES_MAX, "overflow": "drop-head"}
        policy = {"pattern": own_queues, "apply-to": "queues", "definition": bound, "priority": 1}
        management.put("policies", management.vhost, f"{one.entity_code}-consumer", **policy)


def _make_router(management: Management, password: str) -> None:
    """It consumes its own queues, bound to what services publish, and publishes to the entities' exchanges."""
    heard = [wire.event_exchange(service).name for service in ROUTED]
    queues = rf"{ROUTER}\.({'|'.join(ROUTED)})"
    entities = rf"(?!({'|'.join(SERVICES)})\.)[A-Za-z0-9_-]+\.events"
    for exchange in heard:
        management.put("exchanges", management.vhost, exchange, type="topic", durable=True)
    management.put("users", ROUTER, password=password, tags="")
    for exchange in heard:
        management.put("topic-permissions", management.vhost, ROUTER, exchange=exchange, write="^$", read="^#$")
    rights = {
        "configure": f"^({queues})$",
        "write": f"^({queues}|{entities})$",
        "read": f"^({'|'.join([queues, *map(re.escape, heard)])})$",
    }
    management.put("permissions", management.vhost, ROUTER, **rights)


def _check_hash(one: EntityConsumer) -> None:
    try:
        size = len(base64.b64decode(one.password_hash, validate=True))
    except binascii.Error:
        size = 0
    if size != _SALT_BYTES + hashlib.sha256().digest_size:
        raise EnvError(
            f"ENTITY_CONSUMERS_FILE: {one.entity_code} has no password_hash; make one with"
            " python -m chassis.entity_consumers password"
        )


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if arguments == ["password"]:
        password = secrets.token_urlsafe(32)
        sys.stdout.write(
            f"password: {password}\npassword_hash: {hash_of(password, secrets.token_bytes(_SALT_BYTES))}\n"
        )
        return 0
    if arguments != ["apply"]:
        sys.stderr.write("usage: python -m chassis.entity_consumers apply|password\n")
        return 2
    logs.configure("entity-consumers", ChassisSettings.load().log_level)
    env = environment()
    url = with_password(
        env.str("BROKER_ADMIN_URL", "http://guest@127.0.0.1:15672//"), env.str("BROKER_ADMIN_PASSWORD", "")
    )
    try:
        consumers = load(file_named())
        apply(Management(url), consumers, passwords_given([ROUTER]).get(ROUTER, ""))
    except (EnvError, ManagementError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    log.info("entity_consumers_applied", users=[one.user for one in consumers])
    return 0
