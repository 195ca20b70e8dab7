"""The identity providers one can log in with, as `identity` tells them, a minute old: they stand on every page."""

import time
from collections.abc import Callable
from dataclasses import replace
from random import SystemRandom
from typing import Final

from chassis.logs import get_logger
from contracts.errors import RpcError
from contracts.rpc import identity
from contracts.rpc.identity import IdentityProvider
from contracts.shapes import Empty
from gateway.visit import Visit

_FRESH_S: Final = 60.0
_ASKED_AGAIN_S: Final = 10.0

_log = get_logger("gateway.identity_providers")


class IdentityProviders:
    """The list that identity validates answers with, at most a minute old: what is listed can be chosen."""

    def __init__(self, logo_of: Callable[[str], str | None], clock: Callable[[], float] = time.monotonic) -> None:
        """Take `logo_of`: from a provider's key to the address of its picture."""
        self._logo_of = logo_of
        self._clock = clock
        self._held: list[IdentityProvider] = []
        self._fresh_until_s = self._asked_again_s = clock()

    def get(self, visit: Visit) -> list[IdentityProvider]:
        """Return them with our addresses of their logos, in random order: none stands first (AgID's button).

        Raises Unavailable.
        """
        if self._clock() >= self._fresh_until_s:
            listed = visit.call(identity.PROVIDERS, Empty()).providers
            self._held = [replace(one, logo=self._logo_of(one.key)) for one in listed]
            self._fresh_until_s = self._clock() + _FRESH_S
        return _shuffled(self._held)

    def known(self, visit: Visit) -> list[IdentityProvider]:
        """Return the same for a page that does without it: while identity is out of reach no page waits for the list.

        Where it is a minute old one page asks anew, and the others do not wait for that.
        """
        now_s = self._clock()
        if now_s < self._asked_again_s:
            return _shuffled(self._held)
        if self._held and now_s >= self._fresh_until_s:
            self._asked_again_s = now_s + _ASKED_AGAIN_S
        try:
            found = self.get(visit)
        except RpcError as error:
            _log.warning("providers_not_shown", code=error.code.value)
            self._held, self._asked_again_s = [], self._clock() + _ASKED_AGAIN_S
            return []
        self._asked_again_s = now_s
        return found


def _shuffled(providers: list[IdentityProvider]) -> list[IdentityProvider]:
    return SystemRandom().sample(providers, len(providers))
