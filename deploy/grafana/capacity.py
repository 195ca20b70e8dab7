"""For whoever plans: how much there is to do, and how much is left."""

from typing import Final

from deploy.grafana.expressions import DOOR, PAGES, by_service
from deploy.grafana.panels import Dashboard, Panel, Row

CAPACITY: Final = Dashboard(
    uid="portal-capacity",
    title="Capacity",
    about="How much there is to do, and how much is left.",
    span="now-7d",
    rows=[
        Row(
            "Doors",
            [
                Panel(
                    "Requests",
                    {
                        "people and programs": f"sum(rate(gateway_requests_total{{{PAGES}}}[5m]))",
                        "node": f"sum(rate(gateway_requests_total{{{DOOR}}}[5m]))",
                    },
                    unit="reqps",
                    width=12,
                ),
                Panel(
                    "Threads at work",
                    {"busy": "sum(rate(gateway_request_seconds_sum[5m]))"},
                    about="Of 16 in each process.",
                    width=12,
                ),
            ],
        ),
        Row(
            "Services",
            [
                Panel(
                    "Calls answered",
                    {"{{service}}": by_service("rate(rpc_served_seconds_count[5m])")},
                    unit="reqps",
                ),
                Panel(
                    "Workers at work",
                    {"{{service}}": by_service("rate(rpc_served_seconds_sum[5m])")},
                    about="Of MAX_WORKERS in each process.",
                ),
                Panel(
                    "Time on the way",
                    {
                        "{{service}}": by_service("rate(rpc_called_seconds_sum[5m])")
                        + " - "
                        + by_service("rate(rpc_served_seconds_sum[5m])")
                    },
                    about="Waiting in queues and crossing the broker, all calls together.",
                ),
            ],
        ),
        Row(
            "Events",
            [
                Panel("Waiting in each outbox", {"{{service}}": "max by (service) (outbox_depth)"}, alarm=5_000),
                Panel("Sent", {"{{service}}": "sum by (service) (rate(outbox_relayed_total[5m]))"}, unit="reqps"),
                Panel("Handled", {"{{consumer}}": "sum by (consumer) (rate(events_handled_total[5m]))"}, unit="reqps"),
                Panel(
                    "Came twice", {"{{consumer}}": "sum by (consumer) (rate(inbox_duplicates_total[5m]))"}, unit="reqps"
                ),
                Panel(
                    "Sent with nobody to hear",
                    {"{{type}}": "sum by (service, type) (rate(outbox_unrouted_total[5m]))"},
                    unit="reqps",
                    about="Usual for types that only outside consumers listen to.",
                ),
                Panel("Processes", {"up": 'count(up{job="portal"} == 1)'}, kind="stat"),
            ],
        ),
    ],
)
