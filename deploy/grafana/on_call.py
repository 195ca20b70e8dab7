"""For whoever is on call: is anything wrong, and where."""

from typing import Final

from deploy.grafana.expressions import DOOR, PAGES, by_service, ended, quantile
from deploy.grafana.panels import Dashboard, Panel, Row

ON_CALL: Final = Dashboard(
    uid="portal-on-call",
    title="On call",
    about="Is anything wrong, and where. Each alert names its page in docs/runbooks.",
    refresh="30s",
    span="now-3h",
    rows=[
        Row(
            "The node's door",
            [
                Panel(
                    "Calls by answer",
                    {"{{status}}": f"sum by (status) (rate(gateway_requests_total{{{DOOR}}}[5m]))"},
                    unit="reqps",
                ),
                Panel(
                    "Failing share",
                    {
                        "5xx": f'(sum(rate(gateway_requests_total{{{DOOR}, status=~"5.."}}[5m])) or vector(0))'
                        f" / sum(rate(gateway_requests_total{{{DOOR}}}[5m]))"
                    },
                    unit="percentunit",
                    alarm=0.01,
                ),
                Panel(
                    "Time to answer",
                    {
                        "half": quantile(0.5, "gateway_request_seconds", DOOR),
                        "95 %": quantile(0.95, "gateway_request_seconds", DOOR),
                        "99 %": quantile(0.99, "gateway_request_seconds", DOOR),
                    },
                    unit="s",
                    alarm=5,
                ),
            ],
        ),
        Row(
            "Pages and API",
            [
                Panel(
                    "Failing routes",
                    {
                        "{{route}}": "topk(10, sum by (route, status) "
                        f'(increase(gateway_requests_total{{{PAGES}, status=~"5.."}}[1h])) > 0)'
                    },
                    kind="table",
                    width=12,
                ),
                Panel(
                    "Slowest routes",
                    {"{{route}}": f"topk(10, {quantile(0.95, 'gateway_request_seconds', PAGES, 'route')})"},
                    unit="s",
                    kind="table",
                    width=12,
                ),
            ],
        ),
        Row(
            "Services",
            [
                Panel(
                    "Callers who find nobody",
                    {"{{service}}": by_service('rate(rpc_called_seconds_count{outcome="service_unavailable"}[5m])')},
                    unit="reqps",
                    alarm=0.05,
                ),
                Panel(
                    "Unexpected errors and unknown outcomes",
                    {
                        "{{method}} broken": ended("rpc_served", "internal_error"),
                        "{{method}} unknown": ended("rpc_called", "outcome_unknown"),
                    },
                    alarm=1,
                ),
                Panel(
                    "Slowest calls",
                    {"{{method}}": f"topk(10, {quantile(0.95, 'rpc_served_seconds', '', 'method')})"},
                    unit="s",
                    kind="table",
                ),
                Panel("Processes that answer", {"up": 'sum(up{job="portal"})', "down": 'sum(1 - up{job="portal"})'}),
            ],
        ),
        Row(
            "Events",
            [
                Panel(
                    "Oldest event in each outbox",
                    {"{{service}}": "max by (service) (outbox_lag_seconds)"},
                    unit="s",
                    alarm=60,
                ),
                Panel(
                    "Put off, to be tried again",
                    {"{{consumer}}": "sum by (consumer) (rate(event_retries_total[5m])) > 0"},
                    unit="reqps",
                    alarm=0.1,
                ),
                Panel(
                    "Given up on",
                    {"{{consumer}}": "sum by (consumer) (increase(dead_letters_total[1h])) > 0"},
                    alarm=1,
                    about="They wait: python -m chassis.dead_letters list",
                ),
                Panel(
                    "Given up on and settled",
                    {"{{consumer}} {{how}}": "sum by (consumer, how) (increase(dead_letters_settled_total[1h])) > 0"},
                    about="Replayed or dropped by somebody.",
                ),
                Panel(
                    "Refused by a full queue",
                    {"{{service}}": "sum by (service) (increase(outbox_refused_total[5m])) > 0"},
                    alarm=1,
                    about="They wait in the outbox.",
                ),
                Panel(
                    "Sent to the software of bodies",
                    {
                        "webhooks {{outcome}}": "sum by (outcome) (rate(webhooks_sent_total[5m]))",
                        "copied to exchanges": "sum(rate(events_copied_total[5m]))",
                    },
                    unit="reqps",
                ),
                Panel(
                    "Projections otherwise than their source",
                    {
                        "{{projection}} {{entity}}": "sum by (projection, entity) "
                        "(increase(parity_divergences_total[1h])) > 0",
                        "{{projection}} {{entity}}, not repaired": "sum by (projection, entity) "
                        "(increase(parity_unrepaired_total[1h])) > 0",
                    },
                    alarm=1,
                ),
                Panel(
                    "Projections last proven",
                    {"{{projection}}": "min by (projection) (parity_checked_age_seconds)"},
                    unit="s",
                    alarm=1_800,
                ),
                Panel(
                    "Webhooks disabled",
                    {"{{entity}}": "sum by (entity) (increase(webhooks_disabled_total[1d])) > 0"},
                    alarm=1,
                ),
            ],
        ),
        Row(
            "Sent to pagoPA",
            [
                Panel(
                    "Oldest change the archive of notices lacks",
                    {"age": "max(archive_oldest_unsent_seconds)"},
                    unit="s",
                    alarm=900,
                ),
                Panel(
                    "Changes the archive of notices lacks",
                    {
                        "unsent": "max(archive_changes_unsent)",
                        "refused: {{problem}}": "max by (problem) (archive_positions_refused)",
                    },
                ),
                Panel(
                    "Calls of the archive of notices",
                    {"{{call}} {{status}}": "sum by (call, status) (rate(archive_calls_total[5m]))"},
                    unit="reqps",
                ),
                Panel(
                    "Positions found other than sent",
                    {"{{how}}": "sum by (how) (increase(archive_positions_diverged_total[1d]))"},
                    alarm=1,
                ),
                Panel(
                    "Receipts to be recovered",
                    {
                        "waiting": "max(receipt_recoveries_waiting)",
                        "asked: {{status}}": "sum by (status) (increase(receipt_recovery_calls_total[1h]))",
                        "given up: {{reason}}": "sum by (reason) (increase(receipt_recoveries_given_up_total[1d]))",
                    },
                ),
            ],
        ),
        Row(
            "Entities' software",
            [
                Panel(
                    "Amounts asked, by what came of it",
                    {"{{entity}} {{outcome}}": "sum by (entity, outcome) (rate(amounts_asked_total[5m]))"},
                    unit="reqps",
                ),
                Panel(
                    "Time an amount takes",
                    {
                        "half": quantile(0.5, "amounts_asked_seconds", ""),
                        "95 %": quantile(0.95, "amounts_asked_seconds", ""),
                    },
                    unit="s",
                    alarm=2,
                ),
            ],
        ),
        Row(
            "Money and time",
            [
                Panel(
                    "Receipts that want a look",
                    {
                        "flagged {{flag}}": "sum by (flag) (increase(receipts_flagged_total[1h]))",
                        "refused {{fault}}": "sum by (fault) (increase(receipts_refused_total[1h]))",
                    },
                ),
                Panel("Receipts in no settlement flow", {"receipts": "max(receipts_unreported)"}, alarm=1),
                Panel(
                    "Unexpected money: age of the oldest case that waits",
                    {"{{entity}}": "max by (entity) (money_cases_oldest_waiting_seconds)"},
                    unit="s",
                    alarm=14 * 86_400,
                ),
                Panel(
                    "Unexpected money: cases that wait",
                    {"{{entity}}": "max by (entity) (money_cases_waiting)"},
                ),
                Panel(
                    "Settlement flows that want a look",
                    {
                        "not taken": "sum(increase(settlement_flows_not_taken_total[1d]))",
                        "not adding up": "sum(increase(settlement_flows_not_adding_up_total[1d]))",
                    },
                ),
                Panel(
                    "Clock of each process beside the database's",
                    {"ahead": "max(clock_offset_seconds)", "behind": "min(clock_offset_seconds)"},
                    unit="s",
                    alarm=5,
                ),
            ],
        ),
    ],
)
