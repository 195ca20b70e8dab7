"""Settings of what sends webhooks, from the environment."""

import ipaddress
from dataclasses import dataclass

from environs import EnvError

from chassis.settings import environment
from services.payments.webhooks.https_post import Network


@dataclass(frozen=True)
class WebhookSettings:
    """How long an address has to answer, and which private networks count as public (for tests and sandboxes)."""

    timeout_s: float
    allowed: tuple[Network, ...]

    @classmethod
    def load(cls) -> "WebhookSettings":
        """Read the environment. Raises EnvError."""
        env = environment()
        try:
            networks: list[str] = env.list("WEBHOOK_PRIVATE_NETWORKS", [])
            allowed = [ipaddress.ip_network(network) for network in networks]
        except ValueError as error:
            raise EnvError(f"WEBHOOK_PRIVATE_NETWORKS: {error}") from None
        return cls(env.float("WEBHOOK_TIMEOUT_S", 15.0), tuple(allowed))
