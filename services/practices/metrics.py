"""What practices counts for Prometheus beyond the chassis."""

from typing import Final

from prometheus_client import Counter, Histogram

AMOUNTS_ASKED: Final = Counter("amounts_asked_total", "Questions to entities' software", ["entity", "outcome"])
AMOUNTS_ASKED_SECONDS: Final = Histogram("amounts_asked_seconds", "How long an entity's software took to answer")
