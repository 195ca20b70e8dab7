"""Posted forms."""

from typing import Final
from urllib.parse import parse_qsl

import falcon

_MAX_BYTES: Final = 64 * 1024


def read_form(req: falcon.Request) -> dict[str, str]:
    """Return the fields of a urlencoded form, stripped."""
    body = req.bounded_stream.read(_MAX_BYTES).decode("utf-8", "replace")
    return {name: value.strip() for name, value in parse_qsl(body)}
