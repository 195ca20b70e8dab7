"""The OpenAPI document of a portal behind TLS and of one on this machine, without starting either."""

import json
from typing import Any

import pytest

from gateway.api.document import build
from gateway.api.routes import PREFIX, ROUTES
from gateway.settings import Settings


def document_of(public_url: str) -> dict[str, Any]:
    """The document of a portal at this address."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SECRET_KEY", "a secret of this test that is long as a real one")
        environment.setenv("PUBLIC_URL", public_url)
        environment.setenv("TRUSTED_PROXIES", "10.0.0.1")
        settings = Settings.load()
    made = build(ROUTES, settings, PREFIX)
    plain: dict[str, Any] = json.loads(json.dumps(made))
    return plain


DOCUMENTS = {url: document_of(url) for url in ("https://pagamenti.example", "http://localhost:8080")}
