"""The trusted identity providers of a running process, read again when their files change."""

from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Gauge

from chassis.logs import get_logger
from services.identity.registry_source import RegistrySource
from services.identity.saml.idp_registry import IdpRegistry, RegistryError

REGISTRY_AGE_SECONDS: Final = Gauge("idp_registry_age_seconds", "Time since the SPID registry was last refreshed")

log = get_logger("identity.registry")


class RegistryWatcher:
    """Watches the files behind a registry. `registry` is the one object that always holds what is trusted now."""

    def __init__(self, source: RegistrySource, now: datetime) -> None:
        self._source = source
        self._version = source.version()
        self.registry = IdpRegistry(source.load(now))

    def refresh(self, now: datetime) -> None:
        """Read the files again; what cannot be believed changes nothing. Log an error when the registry is old."""
        self._alarm(self._source.age(now))
        version = self._source.version()
        try:
            providers = self._source.load(now)
        except RegistryError as error:
            log.exception("idp_registry_unusable", reason=str(error))
            return
        if version != self._version:
            log.info("idp_registry_read", providers=len(providers))
        self._version = version
        self.registry.replace(providers)

    def _alarm(self, age: timedelta | None) -> None:
        if age is None:
            return
        REGISTRY_AGE_SECONDS.set(age.total_seconds())
        if age > self._source.max_age:
            log.error("idp_registry_old", days=age.days, days_allowed=self._source.max_age.days)
