"""Commands for ops: `python -m services.payments fetch-settlements ENTITY [PUBLISHED_AFTER]`.

Takes the entity's settlement flows from pagoPA's fdr-org; run it every few hours. Flows that are here are left alone,
so without PUBLISHED_AFTER (ISO 8601 with offset) everything pagoPA still has is looked through.
"""

import os
import sys
from datetime import datetime

from chassis.clock import now
from chassis.messaging.rpc_client import RpcClient
from chassis.settings import DEFAULT_AMQP_URL
from chassis.storage.database import Database
from contracts.errors import RpcError
from services.payments import models
from services.payments.settings import Settings
from services.payments.settlement.fdr_org import FdrClient
from services.payments.usecases import flow_download


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    match arguments:
        case ["fetch-settlements", entity_code, *rest] if len(rest) <= 1:
            return _fetch(entity_code, datetime.fromisoformat(rest[0]) if rest else None)
        case _:
            sys.stderr.write("usage: python -m services.payments fetch-settlements ENTITY [PUBLISHED_AFTER]\n")
            return 2


def _fetch(entity_code: str, published_after: datetime | None) -> int:
    database = Database.of_service("payments", models)
    rpc = RpcClient(os.environ.get("AMQP_URL", DEFAULT_AMQP_URL))
    try:
        downloaded = flow_download.download(
            database, rpc, FdrClient(Settings.load()), entity_code, published_after, now()
        )
    except RpcError as error:
        sys.stderr.write(f"{entity_code}: {error.code} {error.params}\n")
        return 1
    finally:
        rpc.close()
        database.close()
    for flow_id, refusal in downloaded.refused:
        sys.stderr.write(f"{flow_id}: {refusal.code} {refusal.params}\n")
    sys.stdout.write(f"{entity_code}: {downloaded.taken} flows taken, {len(downloaded.refused)} refused\n")
    return 1 if downloaded.refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
