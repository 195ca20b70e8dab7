"""Settlement flows over HTTP: pagoPA's fdr-org API for creditors, and a page to download them from."""

import json
from typing import Any, Final

import falcon

from sandbox.pagopa.flows import Flow, as_xml, detail, flows_of, payments, summary
from sandbox.pagopa.pages import Pages
from sandbox.pagopa.settings import Settings
from sandbox.pagopa.store import Store

_RECEIPTS: Final = 100_000
_PAGE_MAX: Final = 1_000


class Flows:
    """The flows there are now."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._key = settings.subscription_key
        self._store = store

    def all(self) -> list[Flow]:
        """Return them all."""
        return flows_of(self._store.receipts(_RECEIPTS))

    def one(self, creditor: str, fdr: str) -> Flow:
        """Return one, or raise falcon.HTTPNotFound."""
        for flow in self.all():
            if (flow.creditor, flow.id) == (creditor, fdr):
                return flow
        raise falcon.HTTPNotFound

    def check_key(self, req: falcon.Request) -> None:
        """Raise falcon.HTTPUnauthorized unless the subscription key is right."""
        if self._key and req.get_header("Ocp-Apim-Subscription-Key") != self._key:
            raise falcon.HTTPUnauthorized


class PublishedFlows:
    """GET /organizations/{creditor}/fdrs."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows

    def on_get(self, req: falcon.Request, resp: falcon.Response, creditor: str) -> None:
        """List those published after `publishedGt`."""
        self._flows.check_key(req)
        after = req.get_param("publishedGt") or ""
        found = [summary(flow) for flow in self._flows.all() if flow.creditor == creditor]
        _answer(resp, _page(req, [flow for flow in found if flow["published"] > after]))


class PublishedFlow:
    """GET …/fdrs/{fdr}/revisions/{revision}/psps/{psp}."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, creditor: str, fdr: str, revision: int, psp: str
    ) -> None:
        """Show it; an older revision is gone."""
        self._flows.check_key(req)
        _answer(resp, detail(_exact(self._flows.one(creditor, fdr), revision, psp)))


class PublishedPayments:
    """GET …/psps/{psp}/payments."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, creditor: str, fdr: str, revision: int, psp: str
    ) -> None:
        """List its rows."""
        self._flows.check_key(req)
        _answer(resp, _page(req, payments(_exact(self._flows.one(creditor, fdr), revision, psp))))


class SettlementPage:
    """The flows for people, with what the bank would write."""

    def __init__(self, pages: Pages, flows: Flows) -> None:
        self._pages = pages
        self._flows = flows

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show them, the newest first."""
        self._pages.show(resp, "settlements.html", flows=self._flows.all()[::-1])


class SettlementFile:
    """A flow as a file to upload to the portal."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows

    def on_get(self, req: falcon.Request, resp: falcon.Response, creditor: str, fdr: str) -> None:
        """Hand it out."""
        resp.content_type = "application/xml"
        resp.downloadable_as = f"{fdr}.xml"
        resp.data = as_xml(self._flows.one(creditor, fdr))


def add_routes(app: falcon.App[Any, Any], flows: Flows, pages: Pages) -> None:
    """Register the addresses."""
    base = "/fdr-org/service/v1/organizations/{creditor}/fdrs"
    app.add_route(base, PublishedFlows(flows))
    one = base + "/{fdr}/revisions/{revision:int}/psps/{psp}"
    app.add_route(one, PublishedFlow(flows))
    app.add_route(one + "/payments", PublishedPayments(flows))
    app.add_route("/settlements", SettlementPage(pages, flows))
    app.add_route("/settlements/{creditor}/{fdr}", SettlementFile(flows))


def _answer(resp: falcon.Response, content: dict[str, Any]) -> None:
    """Write JSON in which amounts are numbers, as in fdr-org."""
    resp.content_type = falcon.MEDIA_JSON
    resp.text = json.dumps(content, default=float)


def _exact(flow: Flow, revision: int, psp: str) -> Flow:
    if (flow.revision, flow.psp.id) != (revision, psp):
        raise falcon.HTTPNotFound
    return flow


def _page(req: falcon.Request, items: list[dict[str, Any]]) -> dict[str, Any]:
    size = req.get_param_as_int("size", min_value=1, max_value=_PAGE_MAX) or _PAGE_MAX
    number = req.get_param_as_int("page", min_value=1) or 1
    pages = max(1, -(-len(items) // size))
    shown = items[(number - 1) * size : number * size]
    return {
        "metadata": {"pageSize": size, "pageNumber": number, "totPage": pages},
        "count": len(shown),
        "data": shown,
    }
