"""Faults under payments, in a running copy of its own: the fixtures of the end-to-end tests."""

from tests.e2e.conftest import broker_line, database_line, portal

__all__ = ["broker_line", "database_line", "portal"]
