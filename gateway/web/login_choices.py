"""Whom one can log in with, as AgID's button and the page of the login show it."""

from collections.abc import Callable
from typing import Final

from contracts.rpc.identity import IdentityProvider
from gateway.identity_providers import IdentityProviders
from gateway.static_files import StaticFiles
from gateway.translations import marked as _
from gateway.visit import Visit

SPID_LINKS: Final = (
    ("https://www.spid.gov.it", _("Maggiori informazioni")),
    ("https://www.spid.gov.it/richiedi-spid", _("Non hai SPID?")),
    ("https://www.spid.gov.it/serve-aiuto", _("Serve aiuto?")),
)
"""What stands below the identity providers wherever they are listed."""

Choices = Callable[[str], list[IdentityProvider]]


class LoginChoices:
    """The identity providers with their logos. One per process."""

    def __init__(self, static_files: StaticFiles) -> None:
        self._providers = IdentityProviders(self._logo_of)
        self._static_files = static_files

    def of_kind(self, visit: Visit, kind: str) -> list[IdentityProvider]:
        """Return those of SPID (`spid`) or of the electronic identity card (`cie`). Raises Unavailable."""
        return [one for one in self._providers.get(visit) if one.kind == kind]

    def of_page(self, visit: Visit, *, offline: bool) -> Choices:
        """Return the same for templates: asked for only where a button stands, empty where there is nobody to ask."""

        def choices(kind: str) -> list[IdentityProvider]:
            known = [] if offline else self._providers.known(visit)
            return [one for one in known if one.kind == kind]

        return choices

    def _logo_of(self, key: str) -> str | None:
        """Return the address of `<key>.svg` or `.png` in IDP_LOGOS_DIR, or None."""
        names = (f"idps/{key}{suffix}" for suffix in (".svg", ".png"))
        return next((self._static_files.address(name) for name in names if self._static_files.find(name)), None)
