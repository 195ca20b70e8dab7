"""One function per command or event of cart; each orders its I/O and is handed `now`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from services.cart import clients, domain, repository
from services.cart.clients import RpcCaller
from services.cart.domain import Item


def show(database: Database, rpc: RpcCaller, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cart as its viewer may see it; rows the viewer can no longer see leave it, unpayable ones stay."""
    owner = request["owner"]
    with database.reading() as session:
        items = repository.items(session, owner)
    if not items:
        return {"entity_code": None, "practices": [], "total_cents": 0}
    practices = clients.visible_practices(rpc, request["viewer"], [item.practice_id for item in items])
    gone = {item.practice_id for item in items} - {practice["id"] for practice in practices}
    if gone:
        with database.transaction() as tx:
            repository.take_out(tx.session, owner, gone)
    return {
        "entity_code": practices[0]["entity_code"] if practices else None,
        "practices": practices,
        "total_cents": sum(practice["amount_cents"] for practice in practices if practice["payable"]),
    }


def count(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many rows the cart has."""
    with database.reading() as session:
        return {"count": repository.count(session, request["owner"])}


def add(database: Database, rpc: RpcCaller, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Put a practice in; twice is the same as once.

    Raises Refused(PRACTICE_NOT_FOUND), the practice's own reason for not being payable, (CART_OTHER_ENTITY), or
    (CART_FULL) with `max`.
    """
    owner = request["owner"]
    found = clients.visible_practices(rpc, request["viewer"], [request["practice_id"]])
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    if not found[0]["payable"]:
        raise Refused(found[0]["not_payable_code"])
    item = Item(found[0]["id"], found[0]["entity_code"])
    with database.transaction() as tx:
        repository.lock(tx.session, owner)
        if domain.may_add(repository.items(tx.session, owner), item):
            repository.put(tx.session, owner, item, now)
        tx.session.flush()
        return {"count": repository.count(tx.session, owner)}


def remove(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Take a practice out; taking out what is not in there is fine."""
    with database.transaction() as tx:
        repository.take_out(tx.session, request["owner"], [request["practice_id"]])
        return {"count": repository.count(tx.session, request["owner"])}


def clear(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """Empty the cart."""
    with database.transaction() as tx:
        repository.clear(tx.session, request["owner"])
    return {"count": 0}


def adopt(database: Database, request: Mapping[str, Any]) -> dict[str, Any]:
    """At login move the visitor's rows into the citizen's cart, as far as they fit; the visitor's cart ends."""
    visitor, citizen = request["visitor"], request["citizen"]
    with database.transaction() as tx:
        repository.lock(tx.session, visitor, citizen)
        own = repository.items(tx.session, citizen)
        fitting = domain.fitting(own, repository.items(tx.session, visitor))
        repository.hand_over(tx.session, visitor, citizen, [item.practice_id for item in fitting])
        repository.clear(tx.session, visitor)
        return {"count": repository.count(tx.session, citizen)}


def payment_confirmed(tx: Tx, data: Mapping[str, Any]) -> None:
    """Take a paid practice out of every cart."""
    if data["practice_id"] is not None:
        repository.take_out_everywhere(tx.session, data["practice_id"])


def purge(database: Database, now: datetime) -> int:
    """Forget rows that have been in a cart for 30 days and return how many."""
    with database.transaction() as tx:
        return repository.purge(tx.session, now - domain.KEPT_FOR)
