"""The recorder: successes are written together, once, and none because of another one's trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.queue.completions import Ending, succeeded
from app.storage.queue.dispatches import Claim, list_dispatches
from app.worker import recorder
from app.worker.recorder import Recorder
from tests.builders import envelope, signed_callback
from tests.worker.stage import wait_for

pytestmark = pytest.mark.backends("sqlite")


class Stage:
    """Claimed dispatches, and a recorder that has not started."""

    def __init__(self, services: Services):
        self.services = services
        self.ended = 0
        self.recorder = Recorder(services, self._let_go)

    def _let_go(self, count: int) -> None:
        self.ended += count

    def successes(self, count: int) -> list[Ending]:
        """Claim that many dispatches and say that they went well."""
        for number in range(count):
            receive(self.services, "callback", signed_callback(envelope(f"evt_{number}")), trace_id="")
        claims = claim_work(self.services, limit=count)
        self.services.runtime.running.update({claim.dispatch_id: claim for claim in claims})
        return [succeeded(claim, self.services.clock.now()) for claim in claims]

    def state(self, claim: Claim) -> str:
        """Return where a dispatch stands."""
        with self.services.database.read() as tx:
            (dispatch,) = list_dispatches(tx, [claim.event_id])
            return str(dispatch.state)


@pytest.fixture
def stage(services_with: Callable[..., Services], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(recorder, "STORE_DOWN_SECONDS", 0.05)
    router = Router()
    router.on("callback", name="handler")(lambda event, context: None)
    made = Stage(services_with(router=router))
    yield made
    made.recorder.stop(5)


def test_what_gathered_is_written_in_one_transaction(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    successes = stage.successes(20)
    sizes: list[int] = []
    real = stage.services.accepts.run_many

    def counted(write: Any, items: Any) -> Any:
        sizes.append(len(items))
        return real(write, items)

    monkeypatch.setattr(stage.services.accepts, "run_many", counted)
    for success in successes:
        stage.recorder.record(success)
    stage.recorder.start()
    wait_for(lambda: stage.ended == 20)
    assert sizes == [20]
    assert {stage.state(success.claim) for success in successes} == {"succeeded"}


def test_a_claim_is_kept_until_its_success_is_written(stage: Stage) -> None:
    (success,) = stage.successes(1)
    stage.recorder.record(success)
    assert success.claim.dispatch_id in stage.services.runtime.running
    stage.recorder.start()
    wait_for(lambda: stage.ended == 1)
    assert stage.services.runtime.running == {}


def test_while_the_store_is_away_successes_are_kept_and_written_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (success,) = stage.successes(1)
    away, tried = threading.Event(), threading.Event()
    away.set()
    real = stage.services.accepts.run_many

    def run_many(write: Any, items: Any) -> Any:
        if away.is_set():
            tried.set()
            raise StoreUnavailable
        return real(write, items)

    monkeypatch.setattr(stage.services.accepts, "run_many", run_many)
    stage.recorder.start()
    stage.recorder.record(success)
    assert tried.wait(5)
    assert (stage.state(success.claim), stage.ended) == ("running", 0)
    away.clear()
    wait_for(lambda: stage.ended == 1)
    assert stage.state(success.claim) == "succeeded"


def test_a_success_that_cannot_be_written_leaves_its_neighbours_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    successes = stage.successes(5)
    broken = successes[2].claim
    real = stage.services.accepts.run_many

    def run_many(write: Any, items: Any) -> Any:
        if any(item.claim == broken for item in items):
            raise ValueError("this row alone")
        return real(write, items)

    monkeypatch.setattr(stage.services.accepts, "run_many", run_many)
    for success in successes:
        stage.recorder.record(success)
    stage.recorder.start()
    wait_for(lambda: stage.ended == 5)
    assert [stage.state(success.claim) for success in successes].count("succeeded") == 4
    assert stage.state(broken) == "running"


def test_stopping_writes_what_is_there(stage: Stage) -> None:
    successes = stage.successes(3)
    for success in successes:
        stage.recorder.record(success)
    stage.recorder.start()
    stage.recorder.stop(5)
    assert {stage.state(success.claim) for success in successes} == {"succeeded"}
