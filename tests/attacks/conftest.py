"""Attacks on running parts, bounded in count and time: what `tests/integration` starts is attacked here."""

from tests.integration.conftest import start_gateway

__all__ = ["start_gateway"]
