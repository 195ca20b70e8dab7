"""What is injected into services: descriptors that mypy knows the value of.

nameko puts the value into each service instance under the provider's name; on the class the provider itself is found.
"""

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, Generic, Self, TypeVar, overload

from nameko import config
from nameko.extensions import DependencyProvider

from chassis.messaging import backlog, rpc_client
from chassis.parity.rounds import Pace, Rounds
from chassis.settings import ChassisSettings
from chassis.storage.database import Database
from contracts.call import Rpc

T = TypeVar("T")


class Provider(DependencyProvider, Generic[T]):
    """Base of the providers; T is what a service instance has under its name."""

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        """Return the provider itself: a service instance's own value, which nameko has set, comes before it."""
        return self

    def get_dependency(self, _worker_ctx: Any) -> T:
        """Return what is injected."""
        raise NotImplementedError


class DatabaseProvider(Provider[Database]):
    """Injects the service's Database. `models` is its models module."""

    def __init__(self, models: ModuleType) -> None:
        self.models = models

    def setup(self) -> None:
        """Prepare the pool; no connection is made before it is needed."""
        self.database = Database.of_service(
            self.container.service_name, self.models, pool_size=self.container.max_workers
        )

    def stop(self) -> None:
        """Close the pool."""
        self.database.close()

    def get_dependency(self, _worker_ctx: Any) -> Database:
        """Return the one Database of this process."""
        return self.database


class RpcProvider(Provider[Rpc]):
    """Injects a client with `.call(CALL, request)`; it carries the correlation id and the caller's deadline on."""

    def get_dependency(self, _worker_ctx: Any) -> Rpc:
        """Return the one client of this process."""
        return rpc_client.shared(config["AMQP_URI"])


class SettingsProvider(Provider[T]):
    """Injects a service's settings, read once at its start by `load`."""

    def __init__(self, load: Callable[[], T]) -> None:
        self.load = load

    def setup(self) -> None:
        """Read the environment; a wrong setting stops the start."""
        self.settings = self.load()

    def get_dependency(self, _worker_ctx: Any) -> T:
        """Return the settings."""
        return self.settings


class ParityProvider(Provider[Rounds]):
    """Injects the rounds in which a projection of the service, named `projection`, is proven against its source."""

    def __init__(self, projection: str) -> None:
        self.projection = projection

    def setup(self) -> None:
        """Prepare the rounds; a wrong PARITY_EVERY_S stops the start."""
        pace = Pace(every_s=ChassisSettings.load().parity_every_s)
        queues = backlog.queues_of(self.container.service_name)
        is_behind = partial(backlog.is_behind, config["AMQP_URI"], queues)
        self.rounds = Rounds(self.projection, pace, is_behind=is_behind)

    def get_dependency(self, _worker_ctx: Any) -> Rounds:
        """Return the rounds of this process."""
        return self.rounds
