"""What all pages share: templates, translations, the entity they belong to, limits on use."""

from datetime import UTC, datetime
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.codes import MAX_NOTICES_PER_CHECKOUT
from contracts.errors import ErrorCode, Refused, RpcError
from contracts.rpc import cart
from contracts.rpc.office_catalogue import LOGO_PREFIX
from contracts.rpc.practices import CatalogueService, Entity
from gateway.catalogue import EntityCatalogue
from gateway.document_cache import PublicNotices
from gateway.edge.rates import RateLimiter
from gateway.office import addresses as office_addresses
from gateway.office import words
from gateway.settings import Settings
from gateway.static_files import StaticFiles
from gateway.translations import markup_of, translations
from gateway.visit import Visit, visit_of
from gateway.web import addresses
from gateway.web.announcements import ANNOUNCEMENTS
from gateway.web.formats import filters_of
from gateway.web.login_choices import SPID_LINKS, LoginChoices
from gateway.web.origins import page_address
from gateway.web.states import STATES

_TEMPLATES: Final = Path(__file__).resolve().parent / "templates"


class Site:
    """Renders pages. One per process; holds no state of any visit."""

    def __init__(self, settings: Settings, rates: RateLimiter, public_notices: PublicNotices) -> None:
        self.settings = settings
        self.rates = rates
        self.public_notices = public_notices
        self.catalogue = EntityCatalogue()
        self._static_files = StaticFiles(settings)
        self.login_choices = LoginChoices(self._static_files)

    def entity(self, visit: Visit, code: str) -> Entity:
        """Return the entity in whose pages the browser is. Raises Refused(UNKNOWN_ENTITY)."""
        entity = self.catalogue.get(visit, code)
        visit.browser.remember_entity(code)
        return entity

    def service(self, entity: Entity, service_code: str) -> CatalogueService:
        """Return a service offered for spontaneous insertion. Raises Refused(UNKNOWN_SERVICE)."""
        for service in entity.services:
            if service.code == service_code and service.spontaneous:
                return service
        raise Refused(ErrorCode.UNKNOWN_SERVICE)

    def render(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        template: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        entity: Entity | None = None,
        offline: bool = False,
        alone: bool = False,
        **values: Any,
    ) -> None:
        """Write a page. Without `entity` the header is that of the entity visited last, as far as it is known.

        `offline`: ask no service, because one has just failed to answer. `alone`: the page belongs to no entity.
        """
        visit = visit_of(req)
        shown_entity = None if alone else entity or self.catalogue.known(visit.browser.visitor.entity_code)
        context = {
            "entity": shown_entity,
            "logo": self._logo(shown_entity),
            "visit": visit,
            "citizen": None if offline else visit.citizen,
            "session": None if offline else visit.known_session,
            "cart_count": None if offline else self._cart_count(visit),
            "language": visit.language,
            "here": page_address(req),
            "asset": self._static_files.address,
            "icon": self._static_files.icon,
            "announcement": ANNOUNCEMENTS.get(req.get_param(addresses.ANNOUNCEMENT_PARAM) or ""),
            "now": datetime.now(UTC),
            "login_choices": self.login_choices.of_page(visit, offline=offline),
            "login_return_to": None,
            **values,
        }
        resp.status = status
        resp.content_type = falcon.MEDIA_HTML
        resp.set_header("Content-Language", visit.language)
        resp.append_header("Vary", "Accept-Language, Cookie")
        resp.text = _environment(visit.language).get_template(template).render(context)

    def _logo(self, entity: Entity | None) -> str | None:
        """Return the address of the entity's logo, or None where its file is not in ENTITY_LOGOS_DIR.

        One that its office published is with practices.
        """
        if entity and entity.logo and entity.logo.startswith(LOGO_PREFIX):
            return addresses.published_logo(entity.code, entity.logo)
        name = f"entities/{entity.logo}" if entity and entity.logo else ""
        return self._static_files.existing_address(name) if name else None

    def _cart_count(self, visit: Visit) -> int | None:
        """Return the counter over the cart, or None while it cannot be told: no page fails for its counter."""
        if visit.is_first:
            return 0
        try:
            return visit.call(cart.COUNT, cart.CountRequest(owner=visit.owner)).count
        except RpcError:
            return None


@cache
def _environment(language: str) -> Environment:
    """Return the templates of a language, compiled once per process."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations()[language], newstyle=True)  # type: ignore[attr-defined]  # -- by i18n
    # In place of Jinja's, which look each text up and mark it again, hundreds of times a page.
    environment.globals.update(dict.fromkeys(("_", "gettext"), markup_of(language)))
    environment.filters.update(filters_of(language))
    environment.filters["path_part"] = partial(quote, safe="")
    environment.globals.update(
        at=addresses,
        desks=office_addresses,
        role_words=words.ROLES,
        office_words=words,
        states=STATES,
        spid_links=SPID_LINKS,
        max_notices=MAX_NOTICES_PER_CHECKOUT,
        new_key=_new_key,
    )
    return environment


def _new_key() -> str:
    """Return an idempotency key for one form of one page."""
    return str(uuid4())
