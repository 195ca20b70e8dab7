"""Style sheets, icons, fonts and pictures under /static, cached by browsers under a versioned address."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import falcon

from gateway.settings import Settings

_OWN_FILES: Final = Path(__file__).resolve().parent / "static"
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
}
_COMPRESSIBLE: Final = frozenset({".css", ".js", ".svg", ".ttf"})
_VERSIONED: Final = "public, max-age=31536000, immutable"
_UNVERSIONED: Final = "public, max-age=86400"
_VERSION_CHARS: Final = 12


class StaticFiles:
    """The files below four folders: ours, the design system's, the logos of entities and of identity providers."""

    def __init__(self, settings: Settings) -> None:
        self._folders = {
            "portal": _OWN_FILES,
            "bootstrap-italia": settings.static_dir / "bootstrap-italia",
            "entities": settings.entity_logos_dir,
            "idps": settings.idp_logos_dir,
        }

    def address(self, name: str) -> str:
        """Return the address of a file, such as `portal/css/portal.css`, with its content's version, for templates."""
        path = self.find(name)
        return f"/static/{name}" if path is None else f"/static/{name}?v={_version(path, path.stat().st_mtime_ns)}"

    def find(self, name: str) -> Path | None:
        """Return the file, or None for what does not exist, is of another kind, or lies outside the folders."""
        top, _, rest = name.partition("/")
        folder = self._folders.get(top)
        if folder is None or not rest:
            return None
        path = (folder / rest).resolve()
        if not path.is_relative_to(folder.resolve()) or path.suffix not in _MEDIA_TYPES or not path.is_file():
            return None
        return path

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Serve a file, compressed where it helps, or 304."""
        path = self.find(name)
        if path is None:
            raise falcon.HTTPNotFound
        modified_ns = path.stat().st_mtime_ns
        version = _version(path, modified_ns)
        resp.cache_control = [_VERSIONED if req.get_param("v") == version else _UNVERSIONED]
        resp.etag = version
        resp.vary = ["Accept-Encoding"]
        if any(tag == version for tag in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            return
        resp.content_type = _MEDIA_TYPES[path.suffix]
        if path.suffix in _COMPRESSIBLE and "gzip" in (req.get_header("Accept-Encoding") or ""):
            resp.set_header("Content-Encoding", "gzip")
            resp.data = _compressed(path, modified_ns)
        else:
            resp.data = path.read_bytes()


class Icon:
    """The address that browsers try on their own."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Lead to the icon that the pages name."""
        resp.status = falcon.HTTP_301
        resp.location = "/static/portal/img/favicon.svg"


# Keyed by modification time too, so that an edited file is seen without a restart.
@lru_cache(maxsize=512)
def _version(path: Path, _modified_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:_VERSION_CHARS]


@lru_cache(maxsize=64)
def _compressed(path: Path, _modified_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


def add_routes(app: falcon.App[falcon.Request, falcon.Response], settings: Settings) -> None:
    """Register the folder of static files."""
    app.add_route("/static/{name:path}", StaticFiles(settings))
    app.add_route("/favicon.ico", Icon())
