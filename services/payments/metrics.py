"""What payments counts for Prometheus beyond the chassis."""

from typing import Final

from prometheus_client import Counter, Gauge

RECEIPTS_FLAGGED: Final = Counter("receipts_flagged_total", "Receipts taken though something is odd", ["flag"])
RECEIPTS_REFUSED: Final = Counter("receipts_refused_total", "Receipts refused, stored whole in node_calls", ["fault"])
FLOWS_NOT_ADDING_UP: Final = Counter(
    "settlement_flows_not_adding_up_total", "Flows whose rows are not what they declare"
)
FLOWS_UNREADABLE: Final = Counter("settlement_flows_not_taken_total", "Flows of fdr-org that could not be taken")
RECEIPTS_UNREPORTED: Final = Gauge("receipts_unreported", "Receipts that no settlement flow has reported in time")
