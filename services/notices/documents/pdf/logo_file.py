"""Logos from files, made ready to be drawn: SVG as it is, pictures as a small JPEG on white."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from services.notices.documents.domain.content import Artwork, UnusableLogo
from services.notices.documents.pdf.svg import UnsupportedSvg, read_svg

_SVG_MAX_BYTES: Final = 40_000
_SIDES_PIXELS: Final = (354, 236, 177)
"""30 mm at 300, 200 and 150 dots per inch: the first that makes a small enough file."""
_JPEG_MAX_BYTES: Final = 20_000
_PICTURE_MAX_PIXELS: Final = 40_000_000


def prepared(path: Path, content: bytes | None = None) -> Artwork:
    """Return what a page draws of the logo in a file, or of these bytes under its name. Raises UnusableLogo."""
    try:
        return _prepared(path, path.read_bytes() if content is None else content)
    except (OSError, UnsupportedSvg, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise UnusableLogo(f"{type(error).__name__}: {error}"[:100]) from error


def _prepared(path: Path, content: bytes) -> Artwork:
    if path.suffix.lower() == ".svg":
        if len(content) > _SVG_MAX_BYTES:
            raise UnsupportedSvg("larger than 40 kB")
        read_svg(content, 100, 100)
        return Artwork("image/svg+xml", base64.b64encode(content).decode())
    return Artwork("image/jpeg", base64.b64encode(_as_jpeg(content)).decode())


def _as_jpeg(content: bytes) -> bytes:
    with Image.open(BytesIO(content)) as picture:
        if picture.width * picture.height > _PICTURE_MAX_PIXELS:
            raise ValueError("too many pixels")
        layer = picture.convert("RGBA")
    for side in _SIDES_PIXELS:
        layer.thumbnail((side, side))
        flat = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
        for quality in (90, 80, 70):
            buffer = BytesIO()
            flat.save(buffer, "JPEG", quality=quality, optimize=True)
            if buffer.tell() <= _JPEG_MAX_BYTES:
                return buffer.getvalue()
    raise ValueError("too detailed for 20 kB")
