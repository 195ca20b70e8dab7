"""The conformance tool, as the other tests of SPID use it."""

from tests.spid.conftest import tool

__all__ = ["tool"]
