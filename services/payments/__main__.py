"""Commands for ops, `python -m services.payments COMMAND`.

fetch-settlements ENTITY [PUBLISHED_AFTER]
    Takes the entity's settlement flows from pagoPA's fdr-org, as the service does every FDR_FETCH_S. Flows that are
    here are left alone, so without PUBLISHED_AFTER (ISO 8601 with offset) all that pagoPA still has is looked through.
take-receipt FILE
    Takes in a receipt that was refused or lost: the SOAP envelope of paSendRT or paSendRTV2, or the message alone, as
    pagoPA's support sends it or as it stands in node_calls.raw_xml. The same receipt again changes nothing.
recover-receipt ENTITY IUR [IUV]
    Lets the outbound process ask pagoPA's BizEvents for a receipt that never came, when it is its turn; asked for
    again, it says what became of it.
refund-rules ENTITY [one-person|two-people]
    Says whether the entity wants each refund of unexpected money confirmed by a second person, or lets it be so from
    now on. It stands in the audit.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from chassis.clock import now
from chassis.messaging.rpc_client import RpcClient
from chassis.settings import amqp_url, environment
from chassis.storage.database import Database
from contracts.errors import RpcError
from services.payments import models
from services.payments.hostile_xml import Unreadable
from services.payments.settings import Settings
from services.payments.settlement.fdr_org import FdrClient
from services.payments.usecases import flow_download, late_receipt, refund_rules, wanted_receipts
from services.payments.usecases.node.context import NodeContext

_USAGE = """usage: python -m services.payments fetch-settlements ENTITY [PUBLISHED_AFTER]
       python -m services.payments take-receipt FILE
       python -m services.payments recover-receipt ENTITY IUR [IUV]
       python -m services.payments refund-rules ENTITY [one-person|two-people]
"""
_PEOPLE: Final = {"one-person": False, "two-people": True}


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    match arguments:
        case ["fetch-settlements", entity_code, *rest] if len(rest) <= 1:
            return _fetch(entity_code, datetime.fromisoformat(rest[0]) if rest else None)
        case ["take-receipt", file]:
            return _take_receipt(Path(file))
        case ["recover-receipt", entity_code, iur, *rest] if len(rest) <= 1:
            return _recover(entity_code, iur, rest[0] if rest else None)
        case ["refund-rules", entity_code]:
            return _refund_rules(entity_code, None)
        case ["refund-rules", entity_code, people] if people in _PEOPLE:
            return _refund_rules(entity_code, _PEOPLE[people])
        case _:
            sys.stderr.write(_USAGE)
            return 2


def _fetch(entity_code: str, published_after: datetime | None) -> int:
    try:
        with _connected() as (database, rpc):
            fdr = FdrClient(Settings.load())
            downloaded = flow_download.download(database, rpc, fdr, entity_code, published_after, now())
    except RpcError as error:
        sys.stderr.write(f"{entity_code}: {error.code} {error.params}\n")
        if error.params.get("status"):
            sys.stderr.write("pagoPA refuses our key: look at FDR_SUBSCRIPTION_KEY and what it was made for\n")
        return 1
    for flow_id, refusal in downloaded.refused:
        sys.stderr.write(f"{flow_id}: {refusal.code} {refusal.params}\n")
    sys.stdout.write(
        f"{entity_code}: {downloaded.taken} flows taken, {downloaded.known} here, {len(downloaded.refused)} refused\n"
    )
    return 1 if downloaded.refused else 0


def _take_receipt(file: Path) -> int:
    try:
        with _connected() as (database, rpc):
            taken = late_receipt.take_late_receipt(NodeContext(database, rpc, now()), file.read_bytes())
    except Unreadable as unreadable:
        sys.stderr.write(f"{file}: {unreadable}\n")
        return 1
    if taken.fault:
        sys.stderr.write(f"{file}: {taken.fault}\n")
        return 1
    sys.stdout.write(f"{file}: receipt {taken.receipt_id} of notice {taken.notice_number} is stored\n")
    return 0


def _recover(entity_code: str, iur: str, iuv: str | None) -> int:
    with _connected() as (database, _):
        try:
            state = wanted_receipts.want(database, entity_code, iur, iuv, now())
        except RpcError as error:
            sys.stderr.write(f"{entity_code}: {error.code} {error.params}\n")
            return 1
    sys.stdout.write(f"{entity_code}: receipt {iur}: {state}\n")
    return 0


def _refund_rules(entity_code: str, second_person: bool | None) -> int:  # noqa: FBT001 -- as it stands on the line
    with _connected() as (database, _):
        wants = refund_rules.wants_second_person(database, entity_code)
        if second_person is not None:
            refund_rules.change(database, entity_code, second_person=second_person, now=now())
            wants = second_person
    sys.stdout.write(f"{entity_code}: {'two-people' if wants else 'one-person'}\n")
    return 0


@contextmanager
def _connected() -> Iterator[tuple[Database, RpcClient]]:
    database = Database.of_service("payments", models)
    rpc = RpcClient(amqp_url(environment()))
    try:
        yield database, rpc
    finally:
        rpc.close()
        database.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
