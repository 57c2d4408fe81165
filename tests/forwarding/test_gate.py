"""What keeps events from a destination for a while: rate, places, breaker, pause. No attempt is used up by waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.clock import SystemClock
from app.core.errors import RefusedError
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.health import OPENS_AFTER
from app.pipeline.operators.destinations import DestinationView, list_destinations, resume_destination
from app.pipeline.services import Services
from app.storage.queue.completions import complete, taken_back
from app.worker.engine import EmbeddedEngine
from tests.builders import NOW, FrozenClock, run_stored_claim
from tests.forwarding.receiver import Receiver, accept, dispatch_of, forwarding_to, run_once

MakeServices = Callable[..., Services]


def view_of(services: Services) -> DestinationView:
    (view,) = list_destinations(services)
    return view


def fail_in_a_row(services: Services, clock: FrozenClock, count: int) -> None:
    """Let this many new events fail, moving past the breaker's time wherever it opens."""
    for number in range(count):
        accept(services, f"failing_{number:03}")
        run_once(services, limit=1)
        clock.advance(minutes=6)


class TestRate:
    def test_no_more_than_the_rate_passes(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url, 'rate = "4 per second"'))
        ids = [accept(services, f"evt_{number:02}") for number in range(12)]
        passed = []
        for _ in range(16):
            while run_once(services, limit=50):
                pass
            passed.append(len(receiver.received))
            clock.advance(milliseconds=250)
        assert passed[0] == 4
        assert all(count <= 4 + step for step, count in enumerate(passed))
        assert passed[-1] == 12
        attempts = [dispatch_of(services, event_id)["attempts"] for event_id in ids]
        assert all([attempt["number"] for attempt in each] == [1] for each in attempts)

    def test_a_slow_rate_lets_one_pass_in_its_time(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url, 'rate = "1 per minute"'))
        accept(services, "evt_1")
        event_id = accept(services, "evt_2")
        run_once(services)
        assert len(receiver.received) == 1
        waits_until = datetime.fromisoformat(dispatch_of(services, event_id)["next_attempt_at"])
        assert waits_until >= NOW + timedelta(seconds=60)
        clock.advance(seconds=121)
        run_once(services)
        assert len(receiver.received) == 2

    def test_processes_share_a_rate(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        text = forwarding_to(receiver.url, 'rate = "4 per second"')
        processes = [services_with(channels=text) for _ in range(3)]
        for number in range(12):
            accept(processes[0], f"evt_{number:02}")
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda services: [run_once(services, limit=2) for _ in range(6)], processes))
        assert len(receiver.received) == 4


@pytest.mark.backends("sqlite")
class TestPlaces:
    def test_no_more_than_the_places_are_under_way(
        self, services_with: MakeServices, receiver: Receiver
    ) -> None:
        def slowly(handler: Any) -> None:
            time.sleep(0.1)
            receiver.reply(handler, 204)

        receiver.answer = slowly
        services = services_with(channels=forwarding_to(receiver.url, "concurrency = 2"), clock=SystemClock())
        engine = EmbeddedEngine(services, threads=6)
        engine.start()
        try:
            ids = [accept(services, f"evt_{number}") for number in range(8)]
            deadline = time.monotonic() + 20
            while len(receiver.received) < 8 and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            engine.stop()
        assert receiver.most_under_way == 2
        assert sorted(set(receiver.keys)) == [f"evt_{number}" for number in range(8)]
        assert len(receiver.received) == 8
        assert all(len(dispatch_of(services, each)["attempts"]) == 1 for each in ids)


class TestBreaker:
    def test_it_opens_after_failures_in_a_row_and_nothing_is_sent(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url))
        receiver.answers(503)
        for number in range(OPENS_AFTER):
            accept(services, f"evt_{number}")
        run_once(services)
        assert len(receiver.received) == OPENS_AFTER
        waiting = accept(services, "later")
        run_once(services)
        assert len(receiver.received) == OPENS_AFTER
        dispatch = dispatch_of(services, waiting)
        assert (dispatch["state"], dispatch["attempts"]) == ("pending", [])
        assert view_of(services).status == "breaker"
        assert "503" in view_of(services).reason

    def test_one_probe_decides_whether_it_closes(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url))
        receiver.answers(503)
        for number in range(OPENS_AFTER + 4):
            accept(services, f"evt_{number}")
        run_once(services)
        clock.advance(seconds=11)
        run_once(services)
        assert len(receiver.received) == OPENS_AFTER + 1
        receiver.answers(204)
        clock.advance(seconds=30)
        for _ in range(4):
            run_once(services)
            clock.advance(seconds=30)
        assert view_of(services).status == "open"
        assert set(receiver.keys) == {f"evt_{number}" for number in range(OPENS_AFTER + 4)}

    def test_two_processes_send_one_probe_between_them(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        text = forwarding_to(receiver.url)
        first, second = services_with(channels=text), services_with(channels=text)
        receiver.answers(503)
        for number in range(OPENS_AFTER):
            accept(first, f"evt_{number}")
        run_once(first)
        probing = threading.Event()
        release = threading.Event()

        def hold(handler: Any) -> None:
            probing.set()
            release.wait(5)
            receiver.reply(handler, 204)

        receiver.answer = hold
        clock.advance(seconds=11)
        with ThreadPoolExecutor(1) as pool:
            probe = pool.submit(run_once, first, 1)
            assert probing.wait(5)
            run_once(second)
            assert len(receiver.received) == OPENS_AFTER + 1
            release.set()
            probe.result()
        assert view_of(second).status == "open"

    @pytest.mark.backends("sqlite")
    def test_refusals_do_not_open_it(self, services_with: MakeServices, receiver: Receiver) -> None:
        services = services_with(channels=forwarding_to(receiver.url))
        receiver.answers(422)
        for number in range(OPENS_AFTER + 2):
            accept(services, f"evt_{number}")
        run_once(services)
        assert len(receiver.received) == OPENS_AFTER + 2
        assert view_of(services).status == "open"


class TestPause:
    def test_a_long_run_of_failures_pauses_and_says_why(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url, "pause_after = 3"))
        receiver.answers(422, b"order unknown")
        fail_in_a_row(services, clock, 3)
        view = view_of(services)
        assert view.status == "paused"
        assert view.reason == "3 deliveries failed in a row; the last: crm answered 422: order unknown"
        receiver.answers(204)
        waiting = accept(services, "waiting")
        for _ in range(5):
            run_once(services)
            clock.advance(hours=2)
        assert len(receiver.received) == 3
        assert dispatch_of(services, waiting)["attempts"] == []
        assert view_of(services).waiting == 1

    def test_resuming_sends_what_waited_at_once(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url, "pause_after = 2"))
        receiver.answers(422)
        fail_in_a_row(services, clock, 2)
        receiver.answers(204)
        for number in range(3):
            accept(services, f"waiting_{number}")
        run_once(services)
        assert resume_destination(services, "crm", actor="ops") == 3
        run_once(services)
        assert sorted(receiver.keys[2:]) == ["waiting_0", "waiting_1", "waiting_2"]
        assert (view_of(services).status, view_of(services).waiting) == ("open", 0)

    @pytest.mark.backends("sqlite")
    def test_a_success_in_between_begins_the_run_anew(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(channels=forwarding_to(receiver.url, "pause_after = 2"))
        for status in (422, 204, 422, 204):
            receiver.answers(status)
            accept(services, f"evt_{len(receiver.received)}")
            run_once(services)
        assert view_of(services).status == "open"
        assert view_of(services).failures == 0

    @pytest.mark.backends("sqlite")
    def test_what_does_not_exist_cannot_be_resumed(self, services: Services) -> None:
        with pytest.raises(RefusedError, match="nowhere"):
            resume_destination(services, "nowhere", actor="ops")


class TestOrder:
    def test_one_stuck_key_does_not_slow_the_others(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(
            channels=forwarding_to(receiver.url, 'order_by = "data.order"', "max_attempts = 3")
        )

        def stuck_on_first(handler: Any) -> None:
            receiver.reply(handler, 500 if receiver.received[-1].content["eventkey"] == "a0" else 204)

        receiver.answer = stuck_on_first
        for number in range(4):
            for key in "abcd":
                accept(services, f"{key}{number}", data={"order": key})
        while run_once(services):
            pass
        for key in "bcd":
            assert [each for each in receiver.keys if each[0] == key] == [f"{key}{n}" for n in range(4)]
        assert [each for each in receiver.keys if each[0] == "a"] == ["a0"]
        for _ in range(2):
            clock.advance(hours=1)
            while run_once(services):
                pass
        assert [each for each in receiver.keys if each[0] == "a"] == ["a0", "a0", "a0", "a1", "a2", "a3"]

    @pytest.mark.backends("sqlite")
    def test_a_postponed_one_keeps_its_place(
        self, services_with: MakeServices, receiver: Receiver, clock: FrozenClock
    ) -> None:
        services = services_with(
            channels=forwarding_to(receiver.url, 'order_by = "data.order"', 'rate = "1 per second"')
        )
        for number in range(5):
            accept(services, f"a{number}", data={"order": "A"})
        for _ in range(12):
            while run_once(services):
                pass
            clock.advance(seconds=1)
        assert receiver.keys == [f"a{number}" for number in range(5)]


def test_a_late_worker_cannot_postpone_what_somebody_else_runs(
    services_with: MakeServices, receiver: Receiver, clock: FrozenClock
) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    event_id = accept(services)
    (late,) = claim_work(services, limit=1)
    clock.advance(seconds=services.lease_seconds + 1)
    (holder,) = claim_work(services, limit=1)
    ending = taken_back(late, services.clock.now(), due_at=NOW + timedelta(days=1))
    assert services.database.run(lambda tx: complete(tx, [ending])) == [False]
    assert dispatch_of(services, event_id)["state"] == "running"
    run_stored_claim(services, holder)
    assert dispatch_of(services, event_id)["state"] == "succeeded"
