"""The services' own methods without the bus, as what a way over the bus is measured against."""

from typing import Any

from chassis.runtime.container import load_service
from chassis.runtime.providers import DatabaseProvider, RpcProvider, SettingsProvider
from chassis.storage import answer_limit
from chassis.storage.database import Database
from contracts.call import Call, Reply, Request

_POOL_SIZE = 16


class InProcess:
    """Answers calls by calling the method that answers them, in the caller's thread."""

    def __init__(self, *services: str) -> None:
        answer_limit.install_plain()
        self._services = {name: self._made(load_service(name)) for name in services}

    def call(self, call: Call[Request, Reply], request: Request, **_: Any) -> Reply:
        """Answer a call."""
        service = self._services[call.service]
        reply: Reply = getattr(type(service), call.method).__wrapped__(service, request)
        return reply

    def _made(self, service_cls: Any) -> Any:
        """Make a service with what nameko would inject."""
        service = service_cls()
        for name, provider in vars(service_cls).items():
            if isinstance(provider, DatabaseProvider):
                service.database = Database.of_service(service_cls.name, provider.models, pool_size=_POOL_SIZE)
            elif isinstance(provider, SettingsProvider):
                setattr(service, name, provider.load())
            elif isinstance(provider, RpcProvider):
                setattr(service, name, self)
        return service
