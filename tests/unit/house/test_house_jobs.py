"""What has to be done every few hours is done in every mode: by a timer of its service, or by a job of the chart."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.identity.service import IdentityService
from services.payments.service import PaymentsService

ROOT = Path(__file__).resolve().parents[3]
# The chart's job -> the timer that does the same where no scheduler is, and the setting that says how often.
JOBS = {
    "refresh-idps": (IdentityService.fetch_registry, "SPID_REGISTRY_REFRESH_S"),
    "fetch-settlements": (PaymentsService.fetch_settlements, "FDR_FETCH_S"),
}
OFTEN_S = 60
VALUES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/helm/portal/values.yaml").read_text())


def timers_of(service: str) -> dict[str, float]:
    """The timers of a service with their seconds, as nameko finds them."""
    service_class = getattr(import_module(f"services.{service}.service"), f"{service.capitalize()}Service")
    return {
        name: entrypoint.interval
        for name, method in vars(service_class).items()
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if type(entrypoint).__name__ == "Timer"
    }


def test_every_job_of_the_chart_is_a_timer_of_its_service_too() -> None:
    assert set(VALUES["jobs"]) == set(JOBS)
    for name, (timer, _) in JOBS.items():
        service = VALUES["jobs"][name]["service"]
        assert timers_of(service)[timer.__name__] <= OFTEN_S, "it looks often whether it is due"


@pytest.mark.parametrize("setting", [setting for _, setting in JOBS.values()])
def test_a_job_runs_by_itself_everywhere_but_in_the_chart_which_has_a_scheduler(setting: str) -> None:
    in_chart = [values[setting] for values in VALUES["settings"].values() if setting in values]
    assert in_chart == [0]
    for file in ("docker-compose.yml", "Procfile", "sandbox/compose.env", "dev/launcher/environment.py"):
        assert setting not in (ROOT / file).read_text(), f"{file} leaves it to the default"


@pytest.mark.parametrize(
    ("service", "timers"),
    [
        ("identity", {"delete_expired", "fetch_registry", "refresh_registry"}),
        ("practices", {"expire_overdue"}),
        ("cart", set()),
        (
            "payments",
            {
                "end_overdue_checkouts",
                "fetch_settlements",
                "match_pending_settlements",
                "purge_node_calls",
                "resolve_waiting_receipts",
                "take_large_settlements",
                "watch_unreported_receipts",
            },
        ),
        ("notices", set()),
    ],
)
def test_what_a_service_does_by_itself_is_stated(service: str, timers: set[str]) -> None:
    assert timers <= set(timers_of(service))
