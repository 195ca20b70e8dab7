"""Settings of what sends webhooks, from the environment."""

from dataclasses import dataclass

from chassis import https_post
from chassis.https_post import Network
from chassis.settings import environment


@dataclass(frozen=True)
class WebhookSettings:
    """How long an address has to answer, and which private networks count as public (for tests and sandboxes)."""

    timeout_s: float
    allowed: tuple[Network, ...]

    @classmethod
    def load(cls) -> "WebhookSettings":
        """Read the environment. Raises EnvError."""
        env = environment()
        allowed = https_post.networks("WEBHOOK_PRIVATE_NETWORKS", env.list("WEBHOOK_PRIVATE_NETWORKS", []))
        return cls(env.float("WEBHOOK_TIMEOUT_S", 15.0), allowed)
