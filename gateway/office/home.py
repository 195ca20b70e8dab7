"""The home of an office: what this person may do here."""

import falcon

from gateway.office.desk import OfficePage


class OfficeHome(OfficePage):
    """What the operator's roles allow, each with a way to it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, entity: str) -> None:
        """Show it. Raises as `enter` does."""
        self.show(req, resp, "home.html", self.enter(req, entity))
