"""The two languages of the interface, and which one a browser gets."""

from typing import Final

import falcon

LANGUAGES: Final = ("it", "en")
DEFAULT_LANGUAGE: Final = "it"
LANGUAGE_COOKIE: Final = "lang"


def negotiate(req: falcon.Request) -> str:
    """Return the language chosen by the link in the header, else the browser's preference, else Italian."""
    chosen = req.get_cookie_values(LANGUAGE_COOKIE)
    if chosen and chosen[0] in LANGUAGES:
        return chosen[0]
    return _preferred(req.get_header("Accept-Language") or "")


def _preferred(header: str) -> str:
    """Read Accept-Language: the best-ranked language that we speak (`*` and unreadable ranks count as none)."""
    ranked: list[tuple[float, str]] = []
    for item in header.split(","):
        tag, _, quality = item.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        try:
            rank = float(quality or 1)
        except ValueError:
            continue
        if language in LANGUAGES and rank > 0:
            ranked.append((rank, language))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else DEFAULT_LANGUAGE
