"""Where this peer is, whom it serves, and how patient its node is."""

from dataclasses import dataclass
from pathlib import Path

from chassis.settings import environment


@dataclass(frozen=True)
class Settings:
    """`url` is this peer's own address, `node_url` the portal's door for the node.

    `retry_delays_s`: an unanswered receipt is sent again after so long, the last delay for ever (the real node: one
    hour, 48 times). BizEvents has a receipt `biz_events_after_s` after the payment. `subscription_key` is asked of who
    calls one of the services, where it is set. `software_secret`: by which the entity's software knows questions.
    """

    home: Path
    url: str
    node_url: str
    catalogue_file: Path
    subscription_key: str | None
    late_receipt_s: float
    retry_delays_s: tuple[float, ...]
    senders: int
    biz_events_after_s: float = 0.0
    software_secret: str | None = None

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment; `SANDBOX_HOME` is the folder for what must survive a restart."""
        env = environment()
        public_url = env.str("PUBLIC_URL", "http://localhost:8080").rstrip("/")
        return cls(
            home=env.path("SANDBOX_HOME"),
            url=env.str("SANDBOX_PAGOPA_URL", "http://localhost:8089").rstrip("/"),
            node_url=env.str("PORTAL_NODE_URL", f"{public_url}/pagopa/pa-for-node"),
            catalogue_file=env.path("SANDBOX_CATALOGUE_FILE", Path(__file__).parent.parent / "data" / "catalogue"),
            subscription_key=env.str("CHECKOUT_SUBSCRIPTION_KEY", None),
            late_receipt_s=env.float("SANDBOX_LATE_RECEIPT_S", 30.0),
            retry_delays_s=tuple(env.list("SANDBOX_RETRY_DELAYS_S", [5.0, 10.0, 20.0, 40.0, 60.0], subcast=float)),
            senders=env.int("SANDBOX_SENDERS", 4),
            biz_events_after_s=env.float("SANDBOX_BIZ_EVENTS_AFTER_S", 0.0),
            software_secret=env.str("SANDBOX_SOFTWARE_KEY", None) or None,
        )
