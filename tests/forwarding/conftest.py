"""A receiver for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.forwarding.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a running receiver that answers 204."""
    with Receiver() as running:
        yield running
