"""How often one client may do what costs or what could be guessed. Counted in this process."""

from typing import Final

import falcon
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from contracts.errors import ErrorCode, Refused
from gateway.edge.addresses import client_address
from gateway.settings import Settings

SEARCH: Final = "search"
LOGIN: Final = "login"
INSERTION: Final = "insertion"
VERIFICATION: Final = "verification"
CALENDAR: Final = "calendar"


class RateLimiter:
    """One counter per action and client address."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._trusted_proxies = settings.trusted_proxies
        self._rates = {
            SEARCH: parse(settings.search_rate),
            LOGIN: parse(settings.login_rate),
            INSERTION: parse(settings.insertion_rate),
            VERIFICATION: parse(settings.search_rate),
            CALENDAR: parse(settings.calendar_rate),
        }

    def check(self, req: falcon.Request, action: str) -> None:
        """Count one; raises Refused: TOO_MANY_REQUESTS beyond the action's rate, INVALID_REQUEST from nowhere.

        An address that cannot be read is no client of its own: many would share it, and one could use up their rate.
        """
        client = client_address(req, self._trusted_proxies)
        if client is None:
            raise Refused(ErrorCode.INVALID_REQUEST)
        if not self._limiter.hit(self._rates[action], action, str(client)):
            raise Refused(ErrorCode.TOO_MANY_REQUESTS)
