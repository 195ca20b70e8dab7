"""What payments counts for Prometheus beyond the chassis."""

from typing import Final

from prometheus_client import Counter, Gauge

RECEIPTS_FLAGGED: Final = Counter("receipts_flagged_total", "Receipts taken though something is odd", ["flag"])
RECEIPTS_REFUSED: Final = Counter("receipts_refused_total", "Receipts refused, stored whole in node_calls", ["fault"])
FLOWS_NOT_ADDING_UP: Final = Counter(
    "settlement_flows_not_adding_up_total", "Flows whose rows are not what they declare"
)
FLOWS_UNREADABLE: Final = Counter("settlement_flows_not_taken_total", "Flows that could not be taken")
RECEIPTS_UNREPORTED: Final = Gauge("receipts_unreported", "Receipts that no settlement flow has reported in time")
MONEY_CASES_WAITING: Final = Gauge(
    "money_cases_waiting", "Cases of unexpected money that wait for somebody of the entity", ["entity"]
)
MONEY_CASES_OLDEST_SECONDS: Final = Gauge(
    "money_cases_oldest_waiting_seconds", "Age of the oldest case of unexpected money that waits", ["entity"]
)
WEBHOOKS_SENT: Final = Counter("webhooks_sent_total", "Events sent to webhooks", ["outcome"])
WEBHOOKS_DISABLED: Final = Counter("webhooks_disabled_total", "Webhooks disabled as nobody took events", ["entity"])
ARCHIVE_CALLS: Final = Counter("archive_calls_total", "Calls of the archive of notices", ["call", "status"])
ARCHIVE_CHANGED: Final = Gauge("archive_changes_unsent", "Positions changed that the archive of notices lacks")
ARCHIVE_OLDEST_SECONDS: Final = Gauge(
    "archive_oldest_unsent_seconds", "Age of the oldest change that the archive of notices lacks"
)
ARCHIVE_REFUSED: Final = Gauge("archive_positions_refused", "Positions that wait for a human", ["problem"])
ARCHIVE_DIVERGED: Final = Counter("archive_positions_diverged_total", "Positions found other than sent", ["how"])
RECOVERY_CALLS: Final = Counter("receipt_recovery_calls_total", "Receipts asked of BizEvents", ["status"])
RECOVERIES_WAITING: Final = Gauge("receipt_recoveries_waiting", "Receipts that are to be recovered")
RECOVERIES_GIVEN_UP: Final = Counter("receipt_recoveries_given_up_total", "Receipts given up on", ["reason"])
