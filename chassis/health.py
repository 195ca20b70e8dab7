"""Container health: `python -m chassis.health practices` exits 0 when the service answers `ping`, else 1."""

import sys

from chassis.rpc_client import RpcClient
from chassis.settings import ChassisSettings
from contracts.call import Call
from contracts.errors import RpcError
from contracts.fields import Empty


def is_healthy(service: str, amqp_url: str, timeout_s: float = 2.0) -> bool:
    """Ask any process of `service` whether it and its database are there."""
    client = RpcClient(amqp_url)
    try:
        client.call(Call(service, "ping", Empty(), Empty(), idempotent=True, timeout_s=timeout_s))
    except RpcError:
        return False
    finally:
        client.close()
    return True


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m chassis.health SERVICE\n")
        return 2
    return 0 if is_healthy(arguments[0], ChassisSettings.load().amqp_url) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
