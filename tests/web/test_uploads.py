"""Files for messages under the server's own front: read once their caller is proven, a few at a time, never more than allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from app.core.errors import CallgateError
from app.factory import create_app
from app.storage.database.db import Database
from app.web.callbacks import uploads
from app.web.callbacks.loop_front import LoopFront
from app.web.callbacks.uploads import MOST_BODY, UploadPlaces
from sandbox.media import kept_file
from tests.browser.stage import simulated_accounts
from tests.builders import FrozenClock, exchange, make_services
from tests.loops import run_loop
from tests.platforms.sample_channels import sample_channels
from tests.sandbox.conftest import running_sandbox, sandbox
from tests.sandbox.server import SandboxServer
from tests.web.loop_stage import ask

__all__ = ["running_sandbox", "sandbox"]
pytestmark = pytest.mark.backends("sqlite")
MINE = [("Authorization", "Bearer ops-token-4d1f8a2b"), ("Content-Type", "video/mp4")]
PATH = "/api/v1/media/feishu"


@pytest.fixture
def front(database: Database, sandbox: SandboxServer, clock: FrozenClock) -> Iterator[LoopFront]:
    services = make_services(database, clock=clock, env={"API_TOKENS": "ops:ops-token-4d1f8a2b"})
    exchange(services, channels=sample_channels(simulated_accounts(sandbox)))
    yield LoopFront(create_app(services=services), services)
    services.inline_pool.shutdown(wait=False)


def test_a_file_larger_than_any_page_takes_arrives_whole(front: LoopFront, sandbox: SandboxServer) -> None:
    pieces = [bytes([65 + number % 26]) * 60_000 for number in range(50)]
    answer = ask(front, "POST", PATH, *pieces, headers=MINE, chunked=True, query_string="name=a.mp4")
    assert answer.status == 201
    found = kept_file(sandbox.state, answer.json()["file_key"])
    assert found is not None
    assert found.content == b"".join(pieces)


def test_a_strangers_file_is_not_read_before_the_answer(front: LoopFront, sandbox: SandboxServer) -> None:
    stranger = [("Authorization", "Bearer wrong")]
    answer = ask(front, "POST", PATH, *[b"x" * 65_536] * 8, headers=stranger)
    assert (answer.status, answer.read_before_answer) == (401, 0)
    assert sandbox.state.shelf("media") == {}


def test_a_file_that_is_too_large_is_413_by_its_length_alone(front: LoopFront) -> None:
    headers = [*MINE, ("Content-Length", str(MOST_BODY + 1))]
    answer = ask(front, "POST", PATH, b"x" * 1000, headers=headers)
    assert (answer.status, answer.read_before_answer) == (413, 0)


def test_only_a_few_files_are_on_their_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "WAIT_SECONDS", 0.01)

    async def three() -> str:
        places = UploadPlaces()
        async with places.one(), places.one():
            with pytest.raises(CallgateError) as caught:
                await asyncio.wait_for(places.one().__aenter__(), 5)
        async with places.one():
            return caught.value.code

    assert run_loop(three()) == "too_busy"
