"""The portal this peer serves: its metadata, fetched when first needed and again when it may have changed."""

from collections.abc import Mapping
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
    """Reads the portal's requests by the metadata at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: ServiceProvider | None = None

    def read(self, carried: Mapping[str, str], provider: Provider) -> VerifiedRequest:
        """Verify and read an AuthnRequest sent to `provider`, by the query in `REDIRECTED` or by HTTP-POST's fields.

        A request that does not fit the metadata we have is tried once more with fresh ones: keys rotate. Raises
        RequestRefused.
        """
        if self._known is not None:
            try:
                return self._read(carried, provider, self._known)
            except RequestRefused:
                self._known = None
        self._known = fetch_metadata(self._url)
        return self._read(carried, provider, self._known)

    @staticmethod
    def _read(carried: Mapping[str, str], provider: Provider, known: ServiceProvider) -> VerifiedRequest:
        where = {"sso_url": provider.sso_url, "idp_entity_id": provider.entity_id}
        if REDIRECTED in carried:
            return read_redirect(carried[REDIRECTED], known, **where)
        return read_post(carried, known, **where)
