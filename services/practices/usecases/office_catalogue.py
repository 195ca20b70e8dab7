"""An entity's catalogue in its office: shown, tried out, and published as a new version, audited with it."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chassis.audit import entries
from chassis.audit.entries import Change
from chassis.messaging import codec
from chassis.storage.database import Database, Tx
from contracts.errors import ErrorCode, Refused
from contracts.message import schema_of
from contracts.rpc import office_catalogue as contract
from contracts.rpc.office_catalogue import EntityContent, Published, PublishRequest, ServiceContent
from contracts.rpc.practices import CatalogueService
from services.practices import catalogue_content, catalogue_file
from services.practices.domain import logos
from services.practices.models import CatalogueVersion, Json
from services.practices.repository import catalogue
from services.practices.usecases import audited

PUBLISHED_SERVICE: Final = "catalogue.publish_service"
WITHDRAWN_SERVICE: Final = "catalogue.withdraw_service"
PUBLISHED_LOGO: Final = "catalogue.publish_logo"
PUBLISHED_ENTITY: Final = "catalogue.publish_entity"
_SERVICE_FIELDS: Final = tuple(name for name in ServiceContent.__dataclass_fields__ if name != "from_file")
_ENTITY_FIELDS: Final[tuple[str, ...]] = ("website", "contact_email", "contacts", "colours")
_FIELD_FIRST: Final = re.compile(
    r"(?:[a-z_]+\.|services\[[0-9]+\]\.)?(?P<field>[a-z_]+)(?: and [a-z_]+|\[[0-9]+\].*)?: "
)
_WHOLE: Final = "whole"
"""In place of a field: what is wrong is more than one field says."""


def show(database: Database, request: contract.CatalogueRequest) -> contract.OfficeCatalogue:
    """Return the catalogue in force. Raises Refused(UNKNOWN_ENTITY), (NOT_FOUND)."""
    with database.reading() as session:
        code = catalogue.entity(session, request.entity_code).code
        last = catalogue.last_version(session, code)
    if last is None:
        raise Refused(ErrorCode.NOT_FOUND)
    content = last.content
    creditor = content["creditor"]
    told = {name: content[name] for name in _ENTITY_FIELDS if name in content}
    entity: EntityContent = schema_of(EntityContent).load({**told, "office_name": creditor.get("office_name")})
    return contract.OfficeCatalogue(
        version=last.number,
        published_by=last.loaded_by,
        published_at=last.loaded_at,
        entity=entity,
        services=[_service_of(one) for one in content["services"]],
    )


def publish_service(database: Database, request: contract.PublishServiceRequest, now: datetime) -> Published:
    """Put a service into the catalogue, or say what will not do. Raises as PublishServiceRequest says."""

    def change(last: CatalogueVersion) -> Json:
        content, code = last.content, request.service.code
        services = list(content["services"])
        place = next((number for number, one in enumerate(services) if one["code"] == code), None)
        if request.is_new:
            if place is not None:
                raise Refused(ErrorCode.DUPLICATE_REFERENCE)
            services.append(_merged({}, request.service))
        elif place is None:
            raise Refused(ErrorCode.UNKNOWN_SERVICE)
        else:
            services[place] = _merged(services[place], request.service)
        return {**content, "services": services}

    with database.transaction() as tx:
        if request.is_new:
            _check_never_used(tx, request.entity_code, request.service.code)
        return _published(tx, request, PUBLISHED_SERVICE, request.service.code, change, now, is_trial=request.is_trial)


def withdraw_service(database: Database, request: contract.WithdrawServiceRequest, now: datetime) -> Published:
    """Take a service out of the catalogue; its practices stay. Raises as WithdrawServiceRequest says."""

    def change(last: CatalogueVersion) -> Json:
        services = [one for one in last.content["services"] if one["code"] != request.service_code]
        if len(services) == len(last.content["services"]):
            raise Refused(ErrorCode.UNKNOWN_SERVICE)
        return {**last.content, "services": services}

    with database.transaction() as tx:
        return _published(tx, request, WITHDRAWN_SERVICE, request.service_code, change, now)


def publish_entity(database: Database, request: contract.PublishEntityRequest, now: datetime) -> Published:
    """Change what people read of the entity, or say what will not do. Raises as PublishRequest says."""

    def change(last: CatalogueVersion) -> Json:
        told = codec.to_json(request.entity)
        creditor = _with(last.content["creditor"], {"office_name": told.get("office_name")})
        return {**_with(last.content, {name: told.get(name) for name in _ENTITY_FIELDS}), "creditor": creditor}

    with database.transaction() as tx:
        return _published(tx, request, PUBLISHED_ENTITY, request.entity_code, change, now)


def publish_logo(database: Database, request: contract.PublishLogoRequest, now: datetime) -> Published:
    """Store a logo and have the catalogue name it, or say that it will not do. Raises as PublishRequest says."""
    try:
        content = base64.b64decode(request.content_base64, validate=True)
    except binascii.Error:
        content = b""
    if not logos.is_logo(content):
        return Published(version=request.version, wrong_fields=["logo"])
    name = logos.name_of(content)

    def change(last: CatalogueVersion) -> Json:
        return {**last.content, "logo": name}

    with database.transaction() as tx:
        published = _published(tx, request, PUBLISHED_LOGO, request.entity_code, change, now)
        if not published.wrong_fields:
            catalogue.save_logo(tx.session, request.entity_code, name, content, now)
        return published


def logo(database: Database, request: contract.LogoRequest) -> contract.LogoContent:
    """Return a logo that was published. Raises Refused(NOT_FOUND)."""
    with database.reading() as session:
        content = catalogue.logo(session, request.entity_code, request.name)
    if content is None:
        raise Refused(ErrorCode.NOT_FOUND)
    return contract.LogoContent(content_base64=base64.b64encode(content).decode())


def _published(
    tx: Tx,
    request: PublishRequest,
    operation: str,
    subject: str,
    change: Callable[[CatalogueVersion], Json],
    now: datetime,
    *,
    is_trial: bool = False,
) -> Published:
    """Check and store the catalogue as `change` makes it of the version in force; nobody else changes it meanwhile."""
    code = catalogue.locked_entity(tx.session, request.entity_code).code
    last = catalogue.last_version(tx.session, code)
    if last is None:
        raise Refused(ErrorCode.NOT_FOUND)
    if last.number != request.version:
        raise Refused(ErrorCode.CHANGED_MEANWHILE, audited.catalogue_changed(tx, code, last.number))
    content = change(last)
    document = {"entities": [content]}
    # The entity's own codes were taken before, and no form of the office has them.
    wrong = catalogue_file.errors_of(document, test_codes=True)
    if wrong:
        return Published(version=last.number, wrong_fields=_fields_of(wrong))
    item = catalogue_file.read(document, test_codes=True).entities[0]
    shown = next((one for one in item.services if one.code == subject), None)
    service = schema_of(CatalogueService).load(schema_of(CatalogueService).dump(shown)) if shown else None
    if is_trial:
        return Published(version=last.number, service=service)
    catalogue.save_entity(tx.session, item)
    catalogue.save_services(tx.session, item)
    if not catalogue.save_version(tx.session, item, f"{request.actor.kind} {request.actor.id}", "", now):
        return Published(version=last.number, service=service)
    number = last.number + 1
    changed = catalogue_content.changes(last.content, catalogue_content.content_of(item))
    entry = Change(
        entity_code=code,
        actor=request.actor,
        operation=operation,
        subject=subject,
        before={"version": last.number},
        after={"version": number, "changes": changed},
    )
    entries.append(tx, entry, now)
    return Published(version=number, service=service)


def _check_never_used(tx: Tx, entity_code: str, service_code: str) -> None:
    """Raise Refused(DUPLICATE_REFERENCE) for the code of a service that was withdrawn: its practices have it."""
    if service_code in {row.code for row in catalogue.services_ever(tx.session, entity_code)}:
        raise Refused(ErrorCode.DUPLICATE_REFERENCE)


def _service_of(content: Mapping[str, Any]) -> ServiceContent:
    known = {name: content[name] for name in _SERVICE_FIELDS if name in content}
    others = sorted(set(content) - set(_SERVICE_FIELDS))
    service: ServiceContent = schema_of(ServiceContent).load({**known, "from_file": others})
    return service


def _merged(content: Mapping[str, Any], service: ServiceContent) -> Json:
    """Return a service of the catalogue with what the office says of it; the rest stays."""
    told = codec.to_json(service)
    return _with(content, {name: told.get(name) for name in _SERVICE_FIELDS})


def _with(content: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**content, **told}
    return {name: value for name, value in merged.items() if value is not None}


def _fields_of(wrong: Any) -> Sequence[str]:
    """Return the names of the fields that will not do: the last names on the ways to the messages."""
    return sorted(set(_names(wrong, _WHOLE)))


def _names(wrong: Any, name: str) -> list[str]:
    if isinstance(wrong, Mapping):
        return [
            found
            for key, below in wrong.items()
            for found in _names(below, str(key) if isinstance(key, str) and key != "_schema" else name)
        ]
    texts = wrong if isinstance(wrong, list) else [wrong]
    # What several fields say together begins with the name of one: "max_cents: less than min_cents".
    begun = (_FIELD_FIRST.match(str(text)) for text in texts)
    return [found["field"] if found else name for found in begun]
