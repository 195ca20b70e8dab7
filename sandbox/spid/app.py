"""The identity providers over HTTP: index, metadata, login page, answer (Falcon, WSGI)."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import falcon
from jinja2 import Environment, PackageLoader, StrictUndefined

from sandbox.spid import metadata, providers
from sandbox.spid.citizens import CITIZENS
from sandbox.spid.portal import REDIRECTED, Portal
from sandbox.spid.providers import Provider
from sandbox.spid.requests import RequestRefused, VerifiedRequest
from sandbox.spid.responses import Answer, build, sign
from sandbox.spid.settings import Settings
from sandbox.spid.texts import TEXTS

_STATIC: Final = Path(__file__).parent / "static"
_CARRIED: Final = (REDIRECTED, "SAMLRequest", "RelayState")
_FORM_BYTES_MAX: Final = 64 * 1024
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: Settings) -> falcon.App[Any, Any]:
    """Make the WSGI application. The keys must be there (`setup.prepare`); the portal may come up later."""
    known = {provider.key: provider for provider in providers.load(settings.folder, settings.idp_url)}
    spid = Portal(settings.sp_metadata_url)
    cie = Portal(settings.sp_metadata_url.replace("/spid/metadata", "/cie/metadata"))
    pages, portals = Pages(), {provider.key: cie if provider.is_cie else spid for provider in known.values()}
    app: falcon.App[Any, Any] = falcon.App()
    app.req_options.strip_url_path_trailing_slash = True
    app.add_route("/", IndexPage(pages, list(known.values())))
    app.add_route("/{key}/metadata", MetadataDocument(known))
    app.add_route("/{key}/sso", LoginPage(pages, known, portals))
    app.add_static_route("/static", str(_STATIC))
    app.add_error_handler(RequestRefused, pages.refused)
    app.add_error_handler(falcon.HTTPNotFound, pages.missing)
    return app


class Pages:
    """Renders the HTML pages."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("sandbox.spid"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def render(self, req: falcon.Request, resp: falcon.Response, template: str, **values: object) -> None:
        """Write a page in the language of `?lang=`, of the browser, or Italian."""
        language = _language(req)
        values |= {"t": TEXTS[language], "language": language, "query": _signed_part(req.query_string)}
        resp.content_type = falcon.MEDIA_HTML
        resp.set_headers(_HEADERS)
        resp.text = self._templates.get_template(template).render(values)

    def refused(self, req: falcon.Request, resp: falcon.Response, error: Any, _params: Any) -> None:
        """Say what was wrong with the portal's request: for its developers."""
        resp.status = HTTPStatus.BAD_REQUEST
        self.render(req, resp, "refused.html", number=error.number, problem=str(error))

    def missing(self, req: falcon.Request, resp: falcon.Response, _error: Any, _params: Any) -> None:
        """Say that there is no such page."""
        resp.status = HTTPStatus.NOT_FOUND
        self.render(req, resp, "missing.html")


class IndexPage:
    """What this place is."""

    def __init__(self, pages: Pages, known: list[Provider]) -> None:
        self._pages, self._known = pages, known

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the providers, the test citizens and the outcomes."""
        self._pages.render(req, resp, "index.html", providers=self._known, citizens=CITIZENS)


class MetadataDocument:
    """A provider's metadata."""

    def __init__(self, known: dict[str, Provider]) -> None:
        self._known = known

    def on_get(self, req: falcon.Request, resp: falcon.Response, key: str) -> None:
        """Answer the EntityDescriptor."""
        resp.content_type = "application/samlmetadata+xml"
        resp.text = metadata.build(_provider(self._known, key))


class LoginPage:
    """HTTP-Redirect or HTTP-POST in, HTTP-POST out. Nothing is stored: the form carries the request along."""

    def __init__(self, pages: Pages, known: dict[str, Provider], portals: dict[str, Portal]) -> None:
        self._pages, self._known, self._portals = pages, known, portals

    def on_get(self, req: falcon.Request, resp: falcon.Response, key: str) -> None:
        """Take a request by HTTP-Redirect."""
        self._show(req, resp, key, {REDIRECTED: _signed_part(req.query_string)})

    def on_post(self, req: falcon.Request, resp: falcon.Response, key: str) -> None:
        """Take a request by HTTP-POST; or the page's own form, and send the browser back with the chosen answer."""
        form = dict(parse_qsl(req.bounded_stream.read(_FORM_BYTES_MAX).decode("utf-8", "replace")))
        if "citizen" in form:
            self._answer(req, resp, key, form)
        else:
            self._show(req, resp, key, form)

    def _show(self, req: falcon.Request, resp: falcon.Response, key: str, carried: Mapping[str, str]) -> None:
        """Verify the request and show who can log in, and how it can end."""
        provider = _provider(self._known, key)
        asked = self._portals[key].read(carried, provider)
        carried = {name: value for name, value in carried.items() if name in _CARRIED}
        self._pages.render(
            req, resp, "login.html", provider=provider, asked=asked, citizens=CITIZENS, carried=carried, action=req.path
        )

    def _answer(self, req: falcon.Request, resp: falcon.Response, key: str, form: Mapping[str, str]) -> None:
        """Verify the request again and answer it, signed."""
        provider = _provider(self._known, key)
        asked = self._portals[key].read(form, provider)
        answer = _answer(asked, provider, form)
        document = sign(build(answer, datetime.now(UTC)), provider.private_key, provider.certificate)
        self._pages.render(
            req, resp, "answer.html", provider=provider, asked=asked, document=b64encode(document).decode()
        )


def _answer(asked: VerifiedRequest, provider: Provider, form: Mapping[str, str]) -> Answer:
    outcome = form.get("outcome", "success")
    citizen = next((one for one in CITIZENS if one.username == form.get("citizen")), None)
    if outcome not in TEXTS["it"]["outcome_names"] or citizen is None:
        raise falcon.HTTPBadRequest(title="citizen or outcome is missing")
    attributes = {name: value for name, value in citizen.attributes.items() if name in asked.attributes}
    return Answer(
        request_id=asked.id,
        acs_url=asked.acs_url,
        audience=asked.provider.entity_id,
        issuer=provider.entity_id,
        level=1 if outcome == "level_too_low" else asked.level,
        attributes=attributes,
        error=int(outcome) if outcome.isdigit() else None,
        with_issuer_format=not provider.is_cie,
    )


def _provider(known: dict[str, Provider], key: str) -> Provider:
    if key not in known:
        raise falcon.HTTPNotFound
    return known[key]


def _signed_part(query: str) -> str:
    """Return the query without what the language link added to it."""
    return "&".join(part for part in query.split("&") if not part.startswith("lang="))


def _language(req: falcon.Request) -> str:
    chosen = req.get_param("lang")
    if chosen in TEXTS:
        return chosen
    return "en" if (req.get_header("Accept-Language") or "").lower().startswith("en") else "it"
