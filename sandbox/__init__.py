"""The platform simulator: plays third-party platforms over real HTTP, one folder each in `platforms/`.

A WSGI application of its own for `make run` and for tests. It imports nothing from the gateway and shares
no code with it; its cryptography is written from the protocol notes alone. Development only.
"""

from __future__ import annotations

from sandbox.application import create_sandbox
from sandbox.credentials import read_settings
from sandbox.settings import SandboxSettings

__all__ = ["SandboxSettings", "create_sandbox", "read_settings"]
