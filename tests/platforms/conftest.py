"""The simulator's fixtures for the tests of the platforms' own folders."""

from __future__ import annotations

from tests.sandbox.conftest import firing, gateway, running_sandbox, sandbox

__all__ = ["firing", "gateway", "running_sandbox", "sandbox"]
