"""Fixtures of the tests of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.pipeline.services import Services
from tests.commands.asking import Caller, Handlers, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listen for results on the loopback address."""
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def handlers() -> Handlers:
    """Return handlers that count their runs."""
    return Handlers()


@pytest.fixture
def caller(services_with: Callable[..., Services], handlers: Handlers, receiver: Receiver) -> Caller:
    """Return a caller of a gateway that lets results go to the receiver."""
    return Caller(
        services_with(router=handlers.router, env={"CALLBACK_ALLOWED_HOSTS": f"crm.internal,{receiver.host}"})
    )
