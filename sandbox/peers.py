"""The sandbox peers as WSGI applications: for gunicorn, and for the one-process run."""

from typing import Any


def spid() -> Any:
    """Make the SPID identity provider, from the environment."""
    from sandbox.spid.app import create_app
    from sandbox.spid.settings import Settings

    return create_app(Settings.load())


def pagopa() -> Any:
    """Make pagoPA (Checkout, node, PSP counter), from the environment."""
    from sandbox.pagopa.app import create_app
    from sandbox.pagopa.settings import Settings

    return create_app(Settings.load())
