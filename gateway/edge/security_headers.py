"""Headers that keep a page to itself: CSP, HSTS, framing, referrer, caching."""

from typing import Final

import falcon

from gateway.settings import Settings

_HSTS: Final = "max-age=31536000; includeSubDomains"
_PERMISSIONS: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeaders:
    """Middleware: sets what a resource has not set itself."""

    def __init__(self, settings: Settings) -> None:
        self._https = settings.https
        self._policy = content_security_policy(settings.checkout_page_origins)

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:  # noqa: FBT001 — Falcon's signature
        """Add the headers to every answer; pages are never stored unless a resource says otherwise."""
        _set_default(resp, "Content-Security-Policy", self._policy)
        _set_default(resp, "Cache-Control", "no-store")
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("X-Frame-Options", "DENY")
        _set_default(resp, "Referrer-Policy", "same-origin")
        resp.set_header("Permissions-Policy", _PERMISSIONS)
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        if self._https:
            resp.set_header("Strict-Transport-Security", _HSTS)


def content_security_policy(form_targets: tuple[str, ...]) -> str:
    """Everything from us alone; forms may lead to us and, through a redirect, to `form_targets`."""
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data:",
            "font-src 'self' data:",  # Bootstrap Italia carries its arrows inside its style sheet
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )


def _set_default(resp: falcon.Response, name: str, value: str) -> None:
    if resp.get_header(name) is None:
        resp.set_header(name, value)
