"""The version of the gateway, as pyproject.toml has it; a test compares the two."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
