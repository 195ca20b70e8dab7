"""One function per command or event of cart; each orders its I/O and is handed `now`."""

from datetime import datetime

from chassis.storage.database import Database, Tx
from contracts.call import Rpc
from contracts.errors import ErrorCode, Refused
from contracts.events.payments import PaymentConfirmed
from contracts.rpc.cart import AdoptRequest, Cart, CartItemRequest, CartRequest, Count, CountRequest
from services.cart import clients, domain, repository
from services.cart.domain import Item


def show(database: Database, rpc: Rpc, request: CartRequest) -> Cart:
    """Return the cart as its viewer may see it; rows the viewer can no longer see leave it, unpayable ones stay."""
    with database.reading() as session:
        items = repository.items(session, request.owner)
    if not items:
        return Cart(practices=[], total_cents=0)
    practices = clients.visible_practices(rpc, request.viewer, [item.practice_id for item in items])
    gone = {item.practice_id for item in items} - {practice.id for practice in practices}
    if gone:
        with database.transaction() as tx:
            repository.take_out(tx.session, request.owner, gone)
    return Cart(
        entity_code=practices[0].entity_code if practices else None,
        practices=practices,
        total_cents=sum(practice.amount_cents for practice in practices if practice.payable),
    )


def count(database: Database, request: CountRequest) -> Count:
    """Return how many rows the cart has."""
    with database.reading() as session:
        return Count(count=repository.count(session, request.owner))


def add(database: Database, rpc: Rpc, request: CartItemRequest, now: datetime) -> Count:
    """Put a practice in; twice is the same as once.

    Raises Refused(PRACTICE_NOT_FOUND), the practice's own reason for not being payable, (CART_OTHER_ENTITY), or
    (CART_FULL) with `max`.
    """
    found = clients.visible_practices(rpc, request.viewer, [request.practice_id])
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    practice = found[0]
    if not practice.payable:
        raise Refused(practice.not_payable_code)
    item = Item(practice.id, practice.entity_code)
    with database.transaction() as tx:
        repository.lock(tx.session, request.owner)
        if domain.may_add(repository.items(tx.session, request.owner), item):
            repository.put(tx.session, request.owner, item, now)
        tx.session.flush()
        return Count(count=repository.count(tx.session, request.owner))


def remove(database: Database, request: CartItemRequest) -> Count:
    """Take a practice out; taking out what is not in there is fine."""
    with database.transaction() as tx:
        repository.take_out(tx.session, request.owner, [request.practice_id])
        return Count(count=repository.count(tx.session, request.owner))


def clear(database: Database, request: CountRequest) -> Count:
    """Empty the cart."""
    with database.transaction() as tx:
        repository.clear(tx.session, request.owner)
    return Count(count=0)


def adopt(database: Database, request: AdoptRequest) -> Count:
    """At login move the visitor's rows into the citizen's cart, as far as they fit; the visitor's cart ends."""
    with database.transaction() as tx:
        repository.lock(tx.session, request.visitor, request.citizen)
        own = repository.items(tx.session, request.citizen)
        moving = domain.items_that_fit(own, repository.items(tx.session, request.visitor))
        repository.move(tx.session, request.visitor, request.citizen, [item.practice_id for item in moving])
        repository.clear(tx.session, request.visitor)
        return Count(count=repository.count(tx.session, request.citizen))


def payment_confirmed(tx: Tx, payment: PaymentConfirmed) -> None:
    """Take a paid practice out of every cart."""
    if payment.practice_id is not None:
        repository.take_out_everywhere(tx.session, payment.practice_id)


def purge(database: Database, now: datetime) -> int:
    """Delete rows that have been in a cart for longer than 30 days and return how many."""
    with database.transaction() as tx:
        return repository.purge(tx.session, now - domain.RETENTION)
