"""Notice numbers for one practice at a time: a process takes some at once, for taking is a commit of its own."""

from collections import deque
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Final
from weakref import WeakKeyDictionary

from chassis.storage.database import Database
from contracts.codes import NoticeNumber
from services.practices.catalogue_records import Issuer
from services.practices.usecases import issuance

_TAKEN_AT_ONCE: Final = 20
_stocks: MutableMapping[Database, dict[tuple[str, str], deque[NoticeNumber]]] = WeakKeyDictionary()


@contextmanager
def one_number(database: Database, issuer: Issuer) -> Iterator[Iterator[NoticeNumber]]:
    """Give a number for a debt of a service, to be taken with `next` where it is needed; what is not taken goes back.

    What a process has left when it ends is a hole. Several threads may ask at once.
    """
    whose = (issuer.entity.creditor_fiscal_code, issuer.segregation_code)
    stock = _stocks.setdefault(database, {}).setdefault(whose, deque())
    try:
        number = stock.popleft()
    except IndexError:
        number, *others = issuance.allocate(database, issuer, _TAKEN_AT_ONCE)
        stock.extend(others)
    given = iter((number,))
    yield given
    # Nobody else has seen it.
    stock.extendleft(given)
