"""The colours of an entity: a style sheet with those of its catalogue, behind the portal's own."""

from typing import Final

import falcon

from contracts.rpc.practices import Colours
from gateway.visit import visit_of
from gateway.web.page import Page

_CACHE_S: Final = 24 * 3600


class ColoursSheet(Page):
    """What the pages of an entity have in its own colours."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Send it; its address names the colours, so that it may be held for long. Raises HTTPNotFound without any."""
        colours = self.site.catalogue.get(visit_of(req), entity).colours
        if colours is None:
            raise falcon.HTTPNotFound
        resp.content_type = "text/css; charset=utf-8"
        resp.set_header("Cache-Control", f"public, max-age={_CACHE_S}")
        resp.text = _sheet(colours)


def _sheet(colours: Colours) -> str:
    return f":root {{ --portal-blue: {colours.primary}; --portal-blue-dark: {colours.dark}; }}\n"
