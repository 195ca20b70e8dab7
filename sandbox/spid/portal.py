"""The portal this peer serves: its metadata, fetched when first needed and again when it may have changed."""

from sandbox.spid.providers import Provider
from sandbox.spid.requests import Asked, RequestRefused, ServiceProvider, fetch_metadata, read


class Portal:
    """Reads the portal's requests by the metadata at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: ServiceProvider | None = None

    def read(self, query: str, provider: Provider) -> Asked:
        """Verify and read an AuthnRequest sent to `provider`. Raises RequestRefused.

        A request that does not fit the metadata we have is tried once more with fresh ones: keys rotate.
        """
        if self._known is not None:
            try:
                return self._read(query, provider, self._known)
            except RequestRefused:
                self._known = None
        self._known = fetch_metadata(self._url)
        return self._read(query, provider, self._known)

    @staticmethod
    def _read(query: str, provider: Provider, known: ServiceProvider) -> Asked:
        return read(query, known, sso_url=provider.sso_url, idp_entity_id=provider.entity_id)
