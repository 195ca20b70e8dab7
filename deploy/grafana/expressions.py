"""What several dashboards ask Prometheus for."""

from typing import Final

DOOR: Final = 'route="/pagopa/pa-for-node"'
PAGES: Final = 'route!~"/pagopa/.*|/status/.*|/metrics"'
_SERVICE_OF_METHOD: Final = '"service", "$1", "method", "([a-z]+)[.].*"'


def by_service(expression: str) -> str:
    """Sum calls by the service that answers."""
    return f"sum by (service) (label_replace({expression}, {_SERVICE_OF_METHOD}))"


def answered(method: str, outcome: str = "ok") -> str:
    """Count the answers of a method with one outcome, in the last hour."""
    return f'sum(increase(rpc_served_seconds_count{{method="{method}", outcome="{outcome}"}}[1h])) or vector(0)'


def quantile(share: float, metric: str, labels: str, by: str = "") -> str:
    """Return the time that `share` of the observations stayed under, in seconds."""
    kept = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({kept}) (rate({metric}_bucket{{{labels}}}[5m])))"


def ended(side: str, outcome: str) -> str:
    """Count the calls of each method that ended so in 15 minutes; `side` is `rpc_served` or `rpc_called`."""
    return f'sum by (method) (increase({side}_seconds_count{{outcome="{outcome}"}}[15m]))'
