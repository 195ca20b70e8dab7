"""The roles of a person as a form's boxes: read, and shown as they stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.roles import ENTITY_WIDE, Grant, Role
from contracts.rpc.practices import Entity
from gateway.web.page import Form


@dataclass(frozen=True)
class RoleForm:
    """Which boxes are ticked: `roles`, and of each role the services it is for; none are all."""

    roles: frozenset[str] = frozenset()
    services: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, grants: Iterable[Grant]) -> "RoleForm":
        """Return the boxes of roles as they stand."""
        found = list(grants)
        everywhere = {one.role for one in found if one.service_code is None}
        services = {
            role: frozenset(one.service_code for one in found if one.role == role and one.service_code is not None)
            for role in {one.role for one in found} - everywhere
        }
        return cls(frozenset(one.role for one in found), services)

    @classmethod
    def read(cls, form: Form, entity: Entity) -> "RoleForm":
        """Read the boxes; a service that the entity does not have is none."""
        roles = frozenset(role.value for role in Role if form.get(role_box(role.value)) == "si")
        services = {
            role: frozenset(one.code for one in entity.services if form.get(service_box(role, one.code)) == "si")
            for role in roles
            if Role(role) not in ENTITY_WIDE
        }
        return cls(roles, {role: codes for role, codes in services.items() if codes})

    def is_for(self, role: str, service_code: str) -> bool:
        """Return whether a role is ticked for one service."""
        return service_code in self.services.get(role, frozenset())

    @property
    def grants(self) -> Sequence[Grant]:
        """What is asked for; empty where nothing is ticked."""
        found: list[Grant] = []
        for role in sorted(self.roles):
            codes = sorted(self.services.get(role, frozenset()))
            found += [Grant(role=role, service_code=code) for code in codes] or [Grant(role=role)]
        return found


def role_box(role: str) -> str:
    """Return the name of a role's box."""
    return f"ruolo-{role}"


def service_box(role: str, service_code: str) -> str:
    """Return the name of the box that limits a role to a service."""
    return f"servizio-{role}-{service_code}"
