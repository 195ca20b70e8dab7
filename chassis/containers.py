"""How a service class becomes a running container: its configuration, and the `ping` every service answers."""

from importlib import import_module
from typing import Any, Final

import nameko
from nameko.containers import ServiceContainer

from chassis.entrypoints import answers
from chassis.settings import ChassisSettings
from contracts.call import Call
from contracts.fields import Empty

_HEARTBEAT_S: Final = 15


class PingingContainer(ServiceContainer):
    """A container whose service answers `ping`, whether it says so itself or not."""

    def __init__(self, service_cls: type) -> None:
        super().__init__(service_cls if hasattr(service_cls, "ping") else with_ping(service_cls))


def with_ping(service_cls: Any) -> type:
    """Return `service_cls` with a `ping` that says its process is at work and reaches its database, if it has one."""

    @answers(Call(service_cls.name, "ping", Empty(), Empty(), idempotent=True, timeout_s=1))
    def ping(service: Any, _request: dict[str, Any]) -> dict[str, Any]:
        if hasattr(service, "database"):
            service.database.ping()
        return {}

    return type(service_cls.__name__, (service_cls,), {"__module__": service_cls.__module__, "ping": ping})


def load_service(name: str) -> type:
    """Import `services.<name>.service` and return its <Name>Service."""
    module = import_module(f"services.{name}.service")
    service: type = getattr(module, f"{name.capitalize()}Service")
    return service


def configure_nameko(settings: ChassisSettings) -> None:
    """Set nameko's process-wide configuration."""
    nameko.config.setup(
        {
            "AMQP_URI": settings.amqp_url,
            "HEARTBEAT": _HEARTBEAT_S,
            "PREFETCH_COUNT": settings.max_workers,
            "max_workers": settings.max_workers,
            "parent_calls_tracked": 0,
            "EVENT_RETRY_DELAYS_S": list(settings.event_retry_delays_s),
            "STOP_GRACE_S": settings.stop_grace_s,
        }
    )
