"""What practices answers to an entity's office about its catalogue: shown, tried out, and published as a new version.

What a form of the office does not have (shares, stamp, schedule, accounts) stays as the entity's file says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

from marshmallow.validate import Length

from contracts.actors import Actor
from contracts.call import Call
from contracts.message import Message
from contracts.rpc.practices import CatalogueService, Colours, Contacts
from contracts.shapes import LocalisedText

LOGO_PREFIX: Final = "pubblicato-"
"""What the name of a logo begins with that an office published; others are files of whoever runs the portal."""
LOGO_MAX_BYTES: Final = 200_000
LOGO_SIDE_MIN: Final = 32
LOGO_SIDE_MAX: Final = 2_000
_EntityCode = Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContent(Message):
    """A service as the office changes it. `from_file`: what else its catalogue says of it, by name.

    Nothing is checked here but types: what is wrong comes back by field.
    """

    code: Annotated[str, Length(max=70)]
    title: LocalisedText
    note: LocalisedText | None = None
    category: Annotated[str, Length(max=140)]
    spontaneous: bool
    allows_anonymous: bool
    requires_beneficiary: bool
    accepts_late: bool
    min_cents: int | None = None
    max_cents: int | None = None
    unit_cents: int | None = None
    fixed_cents: int | None = None
    accounting_code: Annotated[str, Length(max=140)] | None = None
    from_file: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityContent(Message):
    """What people read of an entity, as the office changes it."""

    office_name: Annotated[str, Length(max=300)] | None = None
    website: Annotated[str, Length(max=300)] | None = None
    contact_email: Annotated[str, Length(max=300)] | None = None
    contacts: Contacts | None = None
    colours: Colours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRequest(Message):
    """The catalogue of an entity. Refused(UNKNOWN_ENTITY); (NOT_FOUND): it was loaded before versions were kept."""

    entity_code: _EntityCode


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeCatalogue(Message):
    """A catalogue as it is in force: the number of its version, and who published that, when."""

    version: int
    published_by: str
    published_at: datetime
    entity: EntityContent
    services: Sequence[ServiceContent]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest(Message):
    """A change by `actor` to the catalogue as it was shown, in this `version`.

    Refused(CHANGED_MEANWHILE) where it is another one now, and as CatalogueRequest says.
    """

    entity_code: _EntityCode
    actor: Actor
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishServiceRequest(PublishRequest):
    """A service that is new, or is to be otherwise than it is. With `is_trial` it is only checked.

    Refused(DUPLICATE_REFERENCE): `is_new`, and there is or was one of this code.
    """

    service: ServiceContent
    is_new: bool = False
    is_trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawServiceRequest(PublishRequest):
    """A service that nobody is to be billed under any more; its practices stay. Refused(UNKNOWN_SERVICE)."""

    service_code: Annotated[str, Length(1, 35)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishEntityRequest(PublishRequest):
    """What people read of the entity, otherwise than it is."""

    entity: EntityContent


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishLogoRequest(PublishRequest):
    """Another logo: a PNG of LOGO_MAX_BYTES at most, with sides of LOGO_SIDE_MIN to LOGO_SIDE_MAX pixels."""

    content_base64: Annotated[str, Length(max=LOGO_MAX_BYTES * 4 // 3 + 4)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoRequest(Message):
    """A logo that an office published, by its name. Refused(NOT_FOUND)."""

    entity_code: _EntityCode
    name: Annotated[str, Length(1, 70)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoContent(Message):
    """The file of a logo. The same name is for ever the same file."""

    content_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Message):
    """The version that is in force now; `wrong_fields`: nothing was published, as these will not do.

    `service`: as everybody will see it, of a service that will do.
    """

    version: int
    wrong_fields: Sequence[str] = field(default_factory=list)
    service: CatalogueService | None = None


OFFICE_CATALOGUE = Call("practices", "office_catalogue", CatalogueRequest, OfficeCatalogue, idempotent=True)
PUBLISH_SERVICE = Call("practices", "publish_service", PublishServiceRequest, Published, idempotent=False)
WITHDRAW_SERVICE = Call("practices", "withdraw_service", WithdrawServiceRequest, Published, idempotent=False)
PUBLISH_LOGO = Call("practices", "publish_logo", PublishLogoRequest, Published, idempotent=False)
LOGO = Call("practices", "logo", LogoRequest, LogoContent, idempotent=True)
PUBLISH_ENTITY = Call("practices", "publish_entity", PublishEntityRequest, Published, idempotent=False)
