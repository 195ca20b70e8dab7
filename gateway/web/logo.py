"""The logo of an entity that its office published; others are files beside the style sheets."""

import base64
from typing import Final

import falcon

from contracts.rpc.office_catalogue import LOGO, LogoRequest
from gateway.visit import visit_of
from gateway.web.page import Page

_CACHE_S: Final = 365 * 24 * 3600
_NAME_MAX_CHARS: Final = 70


class PublishedLogo(Page):
    """Its address names its content, so that it may be held for ever."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str, name: str) -> None:
        """Send it. Raises Refused(NOT_FOUND), HTTPNotFound."""
        if len(name) > _NAME_MAX_CHARS:
            raise falcon.HTTPNotFound
        found = visit_of(req).call(LOGO, LogoRequest(entity_code=entity[:35], name=name))
        resp.content_type = "image/png"
        resp.set_header("Cache-Control", f"public, max-age={_CACHE_S}, immutable")
        resp.data = base64.b64decode(found.content_base64)
