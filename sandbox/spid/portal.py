"""The portal this peer serves: its metadata, fetched when first needed and again when it may have changed."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from sandbox.spid.providers import Provider
from sandbox.spid.requests import (
    RequestRefused,
    ServiceProvider,
    VerifiedRequest,
    fetch_metadata,
    read_post,
    read_redirect,
)

REDIRECTED: Final = "request"
"""The field in which a page carries the query of HTTP-Redirect along; HTTP-POST has its own fields."""


class Portal:
    """Reads the portal's requests by the metadata at `urls`: its own, and those of the bodies it logs in for."""

    def __init__(self, *urls: str) -> None:
        self._urls = urls
        self._known: dict[str, ServiceProvider] = {}

    def read(self, carried: Mapping[str, str], provider: Provider) -> VerifiedRequest:
        """Verify and read an AuthnRequest sent to `provider`, by the query in `REDIRECTED` or by HTTP-POST's fields.

        A request that fits none of the metadata we have is tried once more with fresh ones: keys rotate. Raises
        RequestRefused.
        """
        for known in self._known.values():
            with suppress(RequestRefused):
                return self._read(carried, provider, known)
        refused: RequestRefused | None = None
        for url in self._urls:
            try:
                self._known[url] = fetch_metadata(url)
                return self._read(carried, provider, self._known[url])
            except RequestRefused as error:
                refused = refused or error
        raise refused or RequestRefused(18, "no metadata of the portal")

    @staticmethod
    def _read(carried: Mapping[str, str], provider: Provider, known: ServiceProvider) -> VerifiedRequest:
        where = {"sso_url": provider.sso_url, "idp_entity_id": provider.entity_id}
        if REDIRECTED in carried:
            return read_redirect(carried[REDIRECTED], known, **where)
        return read_post(carried, known, **where)
