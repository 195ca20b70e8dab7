"""Logos from files. One that cannot be used costs the logo, never the document; operations read about it in the log."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from chassis import logs
from contracts.errors import RpcError
from services.notices.documents.domain.content import Artwork, UnusableLogo

log = logs.get_logger(__name__)

_HELD_MAX: Final = 64
_published: dict[str, Artwork] = {}
Prepare = Callable[[Path], Artwork]
"""Makes a file ready to be drawn (pdf.logo_file, over there in a rendering process). Raises UnusableLogo."""


def load_logo(prepare: Prepare, path: Path | None) -> Artwork | None:
    """Return the logo in a file, or None with a warning where it is missing or unusable."""
    if path is None:
        return None
    try:
        return _prepared(prepare, path, path.stat().st_mtime_ns)
    except (OSError, UnusableLogo) as error:
        log.warning("logo_unusable", file=path.name, error=type(error).__name__, reason=str(error)[:100])
        return None


def published_logo(prepare: Callable[[Path, str], Artwork], name: str, read: Callable[[], str]) -> Artwork | None:
    """Return a logo that an office published: `read` gives its content in base64, once: none ever changes."""
    held = _published.get(name)
    if held is not None:
        return held
    try:
        artwork = prepare(Path(name), read())
    except (RpcError, UnusableLogo) as error:
        log.warning("logo_unusable", file=name, error=type(error).__name__, reason=str(error)[:100])
        return None
    if len(_published) >= _HELD_MAX:
        _published.clear()
    _published[name] = artwork
    return artwork


def entity_logo(prepare: Prepare, folder: Path | None, name: str | None) -> Artwork | None:
    """Return the logo of an entity: file `name` in `folder`, wherever else `name` may point."""
    return load_logo(prepare, folder / Path(name).name) if folder and name else None


@lru_cache(maxsize=64)
def _prepared(prepare: Prepare, path: Path, _modified_ns: int) -> Artwork:
    return prepare(path)
