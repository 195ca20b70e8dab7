"""Settings of payments, from the environment."""

from dataclasses import dataclass
from datetime import timedelta

from environs import Env


@dataclass(frozen=True)
class Settings:
    """Where pagoPA Checkout and fdr-org are, and how long things may take.

    `checkout_url` ends with the version of Checkout's API that is spoken: v1 or v2.
    `checkout_open_s`: after so long without a receipt the janitor frees the practices of a checkout, unless a payment
    token of theirs may be alive; `token_life` later, which is how long one lives, it frees them in any case.
    `opening_slots`: how many workers may at once be waiting for Checkout, which asks us about every notice before it
    answers: the others must be free to answer it.
    `fdr_interval_s`: fdr-org is called no more often than this. `unreported_working_days`: after so many a receipt that
    stands in no settlement flow raises an alarm. `fdr_fetch_s`: so often new flows are taken; 0: never.
    """

    checkout_url: str
    checkout_subscription_key: str | None
    checkout_timeout_s: float
    checkout_open_s: int
    token_life: timedelta
    opening_slots: int
    fdr_url: str
    fdr_subscription_key: str | None
    fdr_timeout_s: float
    fdr_interval_s: float
    unreported_working_days: int
    fdr_fetch_s: float = 14_400.0

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment."""
        env = Env()
        return cls(
            checkout_url=env.str("CHECKOUT_URL", "http://localhost:8089/checkout/ec/v2").rstrip("/"),
            checkout_subscription_key=env.str("CHECKOUT_SUBSCRIPTION_KEY", None),
            checkout_timeout_s=env.float("CHECKOUT_TIMEOUT_S", 8.0),
            checkout_open_s=env.int("CHECKOUT_OPEN_S", 1_800),
            token_life=timedelta(seconds=env.int("PAYMENT_TOKEN_LIFE_S", 1_800)),
            opening_slots=max(1, env.int("MAX_WORKERS", 10) // 2),
            fdr_url=env.str("FDR_URL", "http://localhost:8089/fdr-org/service/v1").rstrip("/"),
            fdr_subscription_key=env.str("FDR_SUBSCRIPTION_KEY", None),
            fdr_timeout_s=env.float("FDR_TIMEOUT_S", 10.0),
            fdr_interval_s=env.float("FDR_INTERVAL_S", 1.0),
            unreported_working_days=env.int("RECEIPT_UNREPORTED_WORKING_DAYS", 5),
            fdr_fetch_s=env.float("FDR_FETCH_S", 14_400.0),
        )
