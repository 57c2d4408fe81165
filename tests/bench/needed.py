"""What a test of the benchmark needs on this machine: without it the test is skipped, or red where everything is required."""

from __future__ import annotations

import os

import pytest


def need(is_there: bool, otherwise: str) -> None:
    """Go on only where it is there; `otherwise` says what is missing and how it comes."""
    if not is_there and os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(f"{otherwise}, and REQUIRE_SERVICES=1")
    if not is_there:
        pytest.skip(otherwise)
