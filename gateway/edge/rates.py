"""How often one client may do what costs or what could be guessed.

Pages and API count together; with RATE_LIMIT_STORAGE=redis://... (or valkey://) so do all processes. While that storage
does not answer each process counts for itself.
"""

from ipaddress import IPv4Address, ip_network
from typing import Any, Final

import falcon
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from chassis.logs import get_logger
from contracts.errors import ErrorCode, Refused
from gateway.edge.addresses import Address, client_address
from gateway.settings import Settings

SEARCH: Final = "search"
LOGIN: Final = "login"
INSERTION: Final = "insertion"
VERIFICATION: Final = "verification"
CALENDAR: Final = "calendar"
LINK: Final = "link"
CHECKOUT: Final = "checkout"
DOCUMENT: Final = "document"
EMAIL: Final = "email"
READINESS: Final = "readiness"

_STORAGE_TIMEOUT_S: Final = 0.5
_IPV6_PREFIX: Final = 64
_log = get_logger("gateway.rates")


class RateLimiter:
    """One counter per action and client. One limiter per process, for all its doors."""

    def __init__(self, settings: Settings) -> None:
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared = _shared_limiter(settings.rate_limit_storage)
        self._trusted_proxies = settings.trusted_proxies
        self._rates = {
            SEARCH: parse(settings.search_rate),
            LOGIN: parse(settings.login_rate),
            INSERTION: parse(settings.insertion_rate),
            VERIFICATION: parse(settings.search_rate),
            CALENDAR: parse(settings.calendar_rate),
            LINK: parse(settings.search_rate),
            CHECKOUT: parse(settings.checkout_rate),
            DOCUMENT: parse(settings.document_rate),
            EMAIL: parse(settings.email_rate),
            READINESS: parse(settings.readiness_rate),
        }

    def check(self, req: falcon.Request, action: str) -> None:
        """Count one; raises Refused: TOO_MANY_REQUESTS beyond the action's rate, INVALID_REQUEST from nowhere.

        An address that cannot be read is no client of its own: many would share it, and one could use up their rate.
        """
        address = client_address(req, self._trusted_proxies)
        if address is None:
            raise Refused(ErrorCode.INVALID_REQUEST)
        if not self._is_within(self._rates[action], action, client_of(address)):
            raise Refused(ErrorCode.TOO_MANY_REQUESTS)

    def _is_within(self, rate: RateLimitItem, action: str, client: str) -> bool:
        if self._shared is not None:
            try:
                return self._shared.hit(rate, action, client)
            except StorageError as error:
                _log.warning("rate_limit_storage_failed", reason=type(error.__cause__ or error).__name__)
        return self._alone.hit(rate, action, client)


def client_of(address: Address) -> str:
    """Return whom an address belongs to: of IPv6 a subscriber has at least a /64, and may change within it at will."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _IPV6_PREFIX), strict=False))


def _shared_limiter(storage: str) -> MovingWindowRateLimiter | None:
    if storage.startswith("memory://"):
        return None
    waits: dict[str, Any] = {"socket_timeout": _STORAGE_TIMEOUT_S, "socket_connect_timeout": _STORAGE_TIMEOUT_S}
    return MovingWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True, **waits))
