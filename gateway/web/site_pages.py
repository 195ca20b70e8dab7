"""Pages that belong to the portal itself: language, privacy notice, accessibility."""

from typing import Final

import falcon

from gateway.languages import LANGUAGE_COOKIE, LANGUAGES
from gateway.web import addresses
from gateway.web.page import Page, see_other
from gateway.web.site import Site

_YEAR_S: Final = 365 * 24 * 3600


class LanguageChoice(Page):
    """The language link in the header."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, code: str) -> None:
        """Remember the language for a year and show the same page in it."""
        if code not in LANGUAGES:
            raise falcon.HTTPNotFound
        resp.set_cookie(
            LANGUAGE_COOKIE,
            code,
            max_age=_YEAR_S,
            path="/",
            secure=self.site.settings.https,
            http_only=True,
            same_site="Lax",
        )
        return_to = addresses.safe_return(req.get_param("return_to"), addresses.HOME)
        see_other(resp, addresses.at_place(return_to, addresses.language_place(code)))


class TextPage(Page):
    """A page that is only its template."""

    def __init__(self, site: Site, template: str) -> None:
        super().__init__(site)
        self._template = template

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show it."""
        self.site.render(req, resp, self._template)
