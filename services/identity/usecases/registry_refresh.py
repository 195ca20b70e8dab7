"""The SPID registry's list of identity providers, fetched and put in the place of the one we have."""

from collections.abc import Callable
from datetime import datetime

from chassis.logs import get_logger
from services.identity.registry_source import RegistrySource
from services.identity.saml.idp_registry import RegistryError

log = get_logger("identity.registry")


def refresh(source: RegistrySource, fetch: Callable[[], bytes], now: datetime) -> bool:
    """Take the list that `fetch` gives, if it is to be believed; return whether. The last good one stays otherwise."""
    try:
        providers = source.replace_aggregate(fetch(), now)
    except (OSError, RegistryError) as error:
        log.exception("idp_registry_not_refreshed", reason=str(error))
        return False
    log.info("idp_registry_refreshed", providers=[one.entity_id for one in providers])
    return True
