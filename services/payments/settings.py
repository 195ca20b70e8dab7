"""Settings of payments, from the environment."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from marshmallow.validate import Range

from chassis.settings import environment

_AT_LEAST_ONE: Final = Range(min=1)


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
    `aca_calls_max` in `aca_calls_window_s`, `aca_bulk_calls_per_s` and `biz_events_calls_max` in `biz_events_window_s`
    are the published limits of the archive of notices (GPD-for-ACA, its bulk upload) and of BizEvents. From
    `aca_bulk_from` changes of one kind on a bulk file is made, of at most `aca_bulk_rows_max` positions.
    `recovery_days`: so long a receipt is asked for.
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
    aca_url: str
    aca_bulk_url: str
    aca_subscription_key: str | None
    aca_timeout_s: float
    aca_calls_max: int
    aca_calls_window_s: float
    aca_calls_at_once: int
    aca_bulk_from: int
    aca_bulk_rows_max: int
    aca_bulk_calls_per_s: float
    aca_compare_every_h: float
    biz_events_url: str
    biz_events_subscription_key: str | None
    biz_events_calls_max: int
    biz_events_window_s: float
    recovery_days: int
    fdr_fetch_s: float = 14_400.0

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment."""
        env = environment()
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
            aca_url=env.str("ACA_URL", "http://localhost:8089/aca/debt-positions-service/v1").rstrip("/"),
            aca_bulk_url=env.str("ACA_BULK_URL", "http://localhost:8089/upload/aca/debt-positions-service/v2").rstrip(
                "/"
            ),
            aca_subscription_key=env.str("ACA_SUBSCRIPTION_KEY", None),
            aca_timeout_s=env.float("ACA_TIMEOUT_S", 10.0),
            aca_calls_max=env.int("ACA_CALLS_MAX", 300, validate=_AT_LEAST_ONE),
            aca_calls_window_s=env.float("ACA_CALLS_WINDOW_S", 10.0),
            aca_calls_at_once=env.int("ACA_CALLS_AT_ONCE", 8, validate=_AT_LEAST_ONE),
            aca_bulk_from=env.int("ACA_BULK_FROM", 1_000, validate=_AT_LEAST_ONE),
            aca_bulk_rows_max=env.int("ACA_BULK_ROWS_MAX", 100_000, validate=_AT_LEAST_ONE),
            aca_bulk_calls_per_s=env.float("ACA_BULK_CALLS_PER_S", 10.0),
            aca_compare_every_h=env.float("ACA_COMPARE_EVERY_H", 24.0),
            biz_events_url=env.str("BIZ_EVENTS_URL", "http://localhost:8089/bizevents/service/v1").rstrip("/"),
            biz_events_subscription_key=env.str("BIZ_EVENTS_SUBSCRIPTION_KEY", None),
            biz_events_calls_max=env.int("BIZ_EVENTS_CALLS_MAX", 10, validate=_AT_LEAST_ONE),
            biz_events_window_s=env.float("BIZ_EVENTS_WINDOW_S", 3_600.0),
            recovery_days=env.int("RECEIPT_RECOVERY_DAYS", 30, validate=_AT_LEAST_ONE),
            fdr_fetch_s=env.float("FDR_FETCH_S", 14_400.0),
        )
