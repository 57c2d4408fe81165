"""The publisher of hints: few messages for many events, and never a wait for whoever calls it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.config.settings import load_settings
from app.pipeline.services import Runtime
from app.worker.hints import MOST_WAITING, HintPublisher
from tests.builders import environment
from tests.worker.conftest import Broker, waiting_hints
from tests.worker.stage import wait_for


class Asked:
    """Stands where services stand; the publisher only sets the `wake` of what changes in them."""

    def __init__(self) -> None:
        self.runtime = Runtime()


@contextmanager
def publisher(broker: Broker) -> Iterator[HintPublisher]:
    hints = HintPublisher(load_settings(environment(**broker.environment)))
    hints.start(Asked())  # type: ignore[arg-type]
    try:
        yield hints
    finally:
        hints.stop()


def test_a_thousand_events_send_a_few_hints(broker: Broker) -> None:
    with publisher(broker) as hints:
        for _ in range(1000):
            hints.wake()
        wait_for(lambda: waiting_hints(broker) > 0)
        time.sleep(0.2)
        assert 0 < waiting_hints(broker) < 30


def test_hints_do_not_pile_up_where_no_worker_takes_them(broker: Broker) -> None:
    with publisher(broker) as hints:
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            hints.wake()
            time.sleep(0.001)
        assert 0 < waiting_hints(broker) <= MOST_WAITING


def test_waking_never_waits_for_a_broker_that_is_away(broker: Broker) -> None:
    broker.proxy.cut()
    with publisher(broker) as hints:
        start = time.monotonic()
        for _ in range(1000):
            hints.wake()
        assert time.monotonic() - start < 2


def test_a_connection_that_died_is_replaced_for_the_next_hint(broker: Broker) -> None:
    with publisher(broker) as hints:
        hints.wake()
        wait_for(lambda: waiting_hints(broker) == 1)
        broker.proxy.cut()
        broker.proxy.open()
        hints.wake()
        wait_for(lambda: waiting_hints(broker) == 2, 5)
