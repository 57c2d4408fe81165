"""Every sample that the simulator offers reaches the gateway as the type it is offered as."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.pipeline.operators.events import list_events_page
from app.storage.database.db import Database
from sandbox.platforms.wechat_component import SIMULATED
from tests.builders import FrozenClock
from tests.platforms.wechat_component.stage import Stage, component_services
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
CALLBACKS = SIMULATED.callbacks
assert CALLBACKS is not None
KINDS = [sample.type for sample in CALLBACKS.samples]


@pytest.fixture
def stage(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Stage]:
    services = component_services(database, clock, sandbox)
    yield Stage(services, sandbox, clock)
    services.inline_pool.shutdown(wait=False)


def test_every_sample_has_the_type_it_is_offered_as(stage: Stage) -> None:
    for kind in KINDS:
        assert stage.push(kind).body == b"success"
        stage.clock.advance(seconds=1)
    items = list_events_page(stage.services, {}, cursor=None, limit=50)["items"]
    assert sorted(item["type"] for item in items) == sorted(KINDS)
