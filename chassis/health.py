"""Container health, as an exit code: 0 for well, 1 for not.

`python -m chassis.health practices`: any process of the service answers `ping`, and so does its database.
`python -m chassis.health practices-relay`: no event has been waiting for a relay for more than a minute; `all-relay`
asks so of every service here.
"""

import sys
from importlib import import_module
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from chassis import clock
from chassis.messaging.rpc_client import RpcClient
from chassis.settings import ChassisSettings
from chassis.storage import outbox
from chassis.storage.database import Database
from contracts.call import Call
from contracts.errors import RpcError
from contracts.shapes import Empty

RELAY_LAG_MAX_S: Final = 60.0
_RELAY_SUFFIX: Final = "-relay"


def is_healthy(service: str, amqp_url: str, timeout_s: float = 2.0) -> bool:
    """Return whether any process of `service` and its database answer."""
    client = RpcClient(amqp_url)
    try:
        client.call(Call(service, "ping", Empty, Empty, idempotent=True, timeout_s=timeout_s), Empty())
    except RpcError:
        return False
    finally:
        client.close()
    return True


def is_relayed(service: str) -> bool:
    """Return whether the events of `service` leave its outbox."""
    database = Database.of_service(service, import_module(f"services.{service}.models"), pool_size=1)
    try:
        with database.reading() as session:
            _, lag_s = outbox.depth(session, database.models.OutboxMessage, clock.now())
    except SQLAlchemyError:
        return False
    finally:
        database.close()
    return lag_s < RELAY_LAG_MAX_S


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m chassis.health SERVICE | SERVICE-relay | all-relay\n")
        return 2
    (name,) = arguments
    if name.endswith(_RELAY_SUFFIX):
        service = name.removesuffix(_RELAY_SUFFIX)
        return (
            0 if all(is_relayed(one) for one in (outbox.emitting_services() if service == "all" else [service])) else 1
        )
    return 0 if is_healthy(name, ChassisSettings.load().amqp_url) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
