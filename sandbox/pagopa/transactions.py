"""What was paid here, and whether the creditor has its receipts."""

from http import HTTPStatus
from typing import Final

import falcon

from sandbox.pagopa.delivery import Delivery
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.store import Store

_SHOWN: Final = 100


class Index:
    """What this place is."""

    def __init__(self, pages: Pages, node_url: str) -> None:
        self._pages = pages
        self._node_url = node_url

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the way to the counter and the list."""
        self._pages.show(resp, "index.html", node_url=self._node_url)


class Transactions:
    """The newest carts and receipts."""

    def __init__(self, pages: Pages, store: Store) -> None:
        self._pages = pages
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show them."""
        self._pages.show(
            resp,
            "transactions.html",
            carts=self._store.carts(_SHOWN),
            receipts=self._store.receipts(_SHOWN),
            counts=self._store.counts(),
        )


class SendNow:
    """The button that delivers a receipt at once."""

    def __init__(self, store: Store, delivery: Delivery) -> None:
        self._store = store
        self._delivery = delivery

    def on_post(self, req: falcon.Request, resp: falcon.Response, row_id: int) -> None:
        """Deliver it and show the list again."""
        self._store.send_now(row_id)
        self._delivery.hurry()
        resp.status = HTTPStatus.SEE_OTHER
        resp.location = "/transactions"
