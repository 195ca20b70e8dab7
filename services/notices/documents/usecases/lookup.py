"""What documents ask of practices: the practices a viewer may see, the entity they are of, its logo."""

from collections.abc import Sequence
from uuid import UUID

from contracts.errors import ErrorCode, Refused
from contracts.rpc import practices
from contracts.rpc.office_catalogue import LOGO, LOGO_PREFIX, LogoRequest
from contracts.rpc.practices import Entity, EntityRequest, GetManyRequest, Practice
from contracts.shapes import Viewer
from services.notices.documents.domain.content import Artwork, Artworks
from services.notices.documents.logos import entity_logo, load_logo, published_logo
from services.notices.documents.usecases.dependencies import DocumentDependencies


def visible_practices(
    dependencies: DocumentDependencies, viewer: Viewer, practice_ids: Sequence[UUID]
) -> Sequence[Practice]:
    """Return those of the practices that the viewer may see. Raises Refused(PRACTICE_NOT_FOUND) where none is."""
    wanted = GetManyRequest(viewer=viewer, practice_ids=practice_ids)
    found = dependencies.rpc.call(practices.GET_MANY, wanted).practices
    if not found:
        raise Refused(ErrorCode.PRACTICE_NOT_FOUND)
    return found


def entity_of(dependencies: DocumentDependencies, entity_code: str) -> Entity:
    """Return an entity by its code."""
    return dependencies.rpc.call(practices.ENTITY, EntityRequest(entity_code=entity_code))


def artworks_of(dependencies: DocumentDependencies, entity: Entity) -> Artworks:
    """Return pagoPA's logo and the entity's."""
    prepare, settings = dependencies.renderers.prepared_logo, dependencies.settings
    return Artworks(
        pagopa=load_logo(prepare, settings.pagopa_logo_file),
        entity=_entity_logo(dependencies, entity),
    )


def _entity_logo(dependencies: DocumentDependencies, entity: Entity) -> Artwork | None:
    name = entity.logo
    prepare = dependencies.renderers.prepared_logo
    if name is None or not name.startswith(LOGO_PREFIX):
        return entity_logo(prepare, dependencies.settings.logos_dir, name)
    request = LogoRequest(entity_code=entity.code, name=name)
    return published_logo(prepare, name, lambda: dependencies.rpc.call(LOGO, request).content_base64)
