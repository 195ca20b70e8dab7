"""The files that say which identity providers are trusted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from services.identity.saml import idp_registry
from services.identity.saml.idp_registry import IdentityProvider, RegistryError


@dataclass(frozen=True)
class RegistrySource:
    """The signed aggregate of the SPID registry, a folder of single metadata files, or both.

    `certificate` is the registry's, pinned; the aggregate is alarming when older than `max_age`.
    """

    folder: Path | None
    aggregate: Path | None
    certificate: x509.Certificate | None
    url: str
    max_age: timedelta
    allow_test: bool

    def load(self, now: datetime) -> list[IdentityProvider]:
        """Read both, without those whose certificates have all expired: what is listed can be used.

        Raises RegistryError, also for a provider that stands in both.
        """
        providers: list[IdentityProvider] = []
        if self.folder is not None:
            providers += [
                one for one in idp_registry.load(self.folder, allow_test=self.allow_test) if one.is_usable(now)
            ]
        if self.aggregate is not None and self.aggregate.exists():
            providers += self.read(self.aggregate.read_bytes(), now)
        names = [one.entity_id for one in providers]
        if len(names) != len(set(names)):
            raise RegistryError("an identity provider stands both in the folder and in the registry")
        return providers

    def read(self, document: bytes, now: datetime) -> list[IdentityProvider]:
        """Verify and read an aggregate. Raises RegistryError."""
        if self.certificate is None:
            raise RegistryError("SPID_REGISTRY_CERT_FILE is not set")
        return idp_registry.parse_aggregate(document, self.certificate, now, allow_test=self.allow_test)

    def version(self) -> tuple[tuple[str, int], ...]:
        """Return something that changes when a file does."""
        files = sorted(self.folder.glob("*.xml")) if self.folder else []
        files += [self.aggregate] if self.aggregate and self.aggregate.exists() else []
        return tuple((str(file), file.stat().st_mtime_ns) for file in files)

    def age(self, now: datetime) -> timedelta | None:
        """Return how long ago the aggregate was refreshed; None when there is none to be refreshed."""
        if self.aggregate is None:
            return None
        if not self.aggregate.exists():
            return timedelta.max
        return now - datetime.fromtimestamp(self.aggregate.stat().st_mtime, UTC)

    def replace_aggregate(self, document: bytes, now: datetime) -> list[IdentityProvider]:
        """Put a new aggregate in the place of the old one, which stays beside it as `.previous`.

        Raises RegistryError and leaves everything as it was when the new one is not to be believed.
        """
        if self.aggregate is None:
            raise RegistryError("SPID_REGISTRY_FILE is not set")
        providers = self.read(document, now)
        draft = self.aggregate.with_suffix(".new")
        draft.write_bytes(document)
        if self.aggregate.exists():
            previous = self.aggregate.with_suffix(".previous")
            previous.write_bytes(self.aggregate.read_bytes())
        draft.replace(self.aggregate)
        return providers
