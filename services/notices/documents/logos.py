"""Logos from files. One that cannot be used costs the logo, never the document; operations read about it in the log."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from chassis import logs
from services.notices.documents.domain.content import Artwork, UnusableLogo

log = logs.get_logger(__name__)

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


def entity_logo(prepare: Prepare, folder: Path | None, name: str | None) -> Artwork | None:
    """Return the logo of an entity: file `name` in `folder`, wherever else `name` may point."""
    return load_logo(prepare, folder / Path(name).name) if folder and name else None


@lru_cache(maxsize=64)
def _prepared(prepare: Prepare, path: Path, _modified_ns: int) -> Artwork:
    return prepare(path)
