"""The way of a callback on an event loop: stored as in a thread, and what takes long or waits is not done on it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from app.core.errors import RefusedError, StoreUnavailable, VerificationError
from app.core.values import InboundRequest, Reply, Verified
from app.pipeline.inbound import on_loop
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.security.rate_limits import RateLimits
from app.storage.database.db import Database, Transaction
from app.storage.database.shared_clock import SharedClock
from tests.builders import CALLBACK_CHANNEL, envelope, exchange, signed_callback
from tests.inbound.loop_stage import Loop, on_loop_thread
from tests.inbound.open_source import OpenSource, delivery, services_of
from tests.inbound.test_found_keys import KEYS, SerialSource, signed

MakeServices = Callable[..., Services]
OPEN_TO_ALL = CALLBACK_CHANNEL + 'unknown_events = "store"\n'


def status_of(reply: Reply) -> str:
    return str(json.loads(reply.body)["status"])


def count_stored(services: Services) -> int:
    return len(list_events_page(services, {}, cursor=None, limit=100)["items"])


def test_a_callback_is_stored_and_answered_without_leaving_the_loop(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN_TO_ALL)
    loop = Loop(services)
    replies = loop.take(*(signed_callback(envelope(f"evt_{number}")) for number in range(20)))
    assert [status_of(reply) for reply in replies] == ["accepted"] * 20
    assert (count_stored(services), loop.left) == (20, 0)


def test_copies_that_come_together_are_stored_once(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN_TO_ALL)
    replies = Loop(services).take(*[signed_callback(envelope("evt_1"))] * 10)
    assert sorted(map(status_of, replies)) == ["accepted"] + ["already_processed"] * 9
    assert count_stored(services) == 1


def test_nothing_is_acknowledged_before_it_is_durable(
    services_with: MakeServices, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = database.begin

    @contextmanager
    def failing() -> Iterator[Transaction]:
        with real() as tx:
            yield tx
            raise StoreUnavailable

    services = services_with(channels=OPEN_TO_ALL)
    monkeypatch.setattr(database, "begin", failing)
    outcomes = Loop(services).take(*(signed_callback(envelope(f"evt_{number}")) for number in range(3)))
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    monkeypatch.undo()
    assert count_stored(services) == 0


class FullEngine:
    """An engine that counts its places."""

    def __init__(self) -> None:
        self.taken = 0

    def reserve(self, count: int) -> bool:
        """Set places aside."""
        self.taken += count
        return True

    def release(self, count: int) -> None:
        """Take places back."""
        self.taken -= count

    def hand_over(self, event: Any, claims: Any) -> None:
        """Take work over."""


@pytest.mark.backends("sqlite")
def test_what_could_not_be_stored_gives_the_engines_places_back(
    services_with: MakeServices, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = Router()
    router.on("callback", name="background")(lambda event, context: None)
    services = services_with(router=router)
    engine = services.runtime.engine = FullEngine()
    loop = Loop(services)
    assert status_of(loop.take(signed_callback(envelope("evt_1")))[0]) == "accepted"
    assert engine.taken == 1

    def away() -> None:
        raise StoreUnavailable

    monkeypatch.setattr(database, "begin", away)
    assert isinstance(loop.take(signed_callback(envelope("evt_2")))[0], StoreUnavailable)
    assert engine.taken == 1


@pytest.mark.backends("sqlite")
def test_inline_handlers_run_in_a_thread(services_with: MakeServices) -> None:
    ran_on_loop: list[bool] = []
    router = Router()

    @router.on("callback", inline=True, name="ask")
    def ask(event: Any, context: Any) -> str:
        ran_on_loop.append(on_loop_thread())
        return "done"

    loop = Loop(services_with(router=router))
    first, copy = (loop.take(signed_callback())[0] for _ in range(2))
    assert (status_of(first), status_of(copy)) == ("success", "already_processed")
    assert (ran_on_loop, loop.left) == ([False], 2)


@pytest.mark.backends("sqlite")
def test_a_copy_that_waits_for_the_first_one_holds_up_nobody(services_with: MakeServices) -> None:
    may_go_on = threading.Event()
    router = Router()

    @router.on("callback", "slow", inline=True, name="slow")
    def slow(event: Any, context: Any) -> str:
        assert may_go_on.wait(10)
        return "done"

    services = services_with(router=router, channels=OPEN_TO_ALL)

    async def story(receiver: Any) -> list[str]:
        def take(key: str, kind: str) -> Any:
            return receiver.take("callback", signed_callback(envelope(key, kind)), trace_id="")

        waiting = [asyncio.ensure_future(take("evt_slow", "slow")) for _ in range(2)]
        quick = [await take(f"evt_{number}", "other") for number in range(5)]
        assert not any(each.done() for each in waiting)
        may_go_on.set()
        return [status_of(each.reply) for each in [*quick, *await asyncio.gather(*waiting)]]

    said = Loop(services).run(story)
    assert said[:5] == ["accepted"] * 5
    assert sorted(said[5:]) == ["already_processed", "success"]


@pytest.mark.backends("sqlite")
def test_a_key_is_fetched_in_a_thread_and_then_used_on_the_loop(services_with: MakeServices) -> None:
    source = SerialSource()
    fetched_on_loop: list[bool] = []
    source.on_fetch = lambda: fetched_on_loop.append(on_loop_thread())
    services = services_of(services_with, source)
    loop = Loop(services)
    for left in (1, 1):
        (reply,) = loop.take(signed("serial-1", KEYS["serial-1"]), channel="open")
        assert (reply.status, loop.left) == (200, left)
    assert fetched_on_loop == [False]


@pytest.mark.backends("sqlite")
def test_a_known_key_that_ends_soon_is_looked_up_in_a_thread(services_with: MakeServices, clock: Any) -> None:
    source = SerialSource()
    services = services_of(services_with, source)
    loop = Loop(services)
    loop.take(signed("serial-1", KEYS["serial-1"]), channel="open")
    clock.advance(seconds=source.key_seconds - 5)
    loop.take(signed("serial-1", KEYS["serial-1"]), channel="open")
    assert loop.left == 2


@pytest.mark.backends("sqlite")
def test_a_large_body_is_read_in_a_thread(services_with: MakeServices) -> None:
    loop = Loop(services_with(channels=OPEN_TO_ALL))
    pads = (on_loop.QUICK_BODY_BYTES // 2, on_loop.QUICK_BODY_BYTES)
    small, large = (signed_callback(envelope(str(pad), data={"pad": "x" * pad})) for pad in pads)
    assert (status_of(loop.take(small)[0]), loop.left) == ("accepted", 0)
    assert (status_of(loop.take(large)[0]), loop.left) == ("accepted", 1)


class SlowSource(OpenSource):
    """Remembers where its proofs were computed."""

    def __init__(self, *, slow: bool) -> None:
        self.proof_is_slow = slow
        self.proved_on_loop: list[bool] = []

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        self.proved_on_loop.append(on_loop_thread())
        return Verified("test")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("slow", [True, False])
def test_a_proof_that_takes_long_is_computed_in_a_thread(services_with: MakeServices, slow: bool) -> None:
    source = SlowSource(slow=slow)
    loop = Loop(services_of(services_with, source))
    (reply,) = loop.take(delivery(b'{"type":"a","id":"1"}'), channel="open")
    assert (reply.status, source.proved_on_loop, loop.left) == (200, [not slow], int(slow))


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(("first", "left"), [(b"<", 1), (b"\xef\xbb\xbf\r\n\t <", 1), (b" ", 0)])
def test_xml_is_read_in_a_thread_sooner_than_other_bodies(
    services_with: MakeServices, first: bytes, left: int
) -> None:
    loop = Loop(services_with(channels=OPEN_TO_ALL))
    body = first + b"x" * on_loop.QUICK_XML_BYTES
    assert isinstance(loop.take(delivery(body))[0], VerificationError)
    assert loop.left == left


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(("piece", "left"), [(b"{},", 1), (b"[],", 1), (b"12,", 0)])
def test_a_body_of_nothing_but_brackets_is_read_in_a_thread(
    services_with: MakeServices, piece: bytes, left: int
) -> None:
    loop = Loop(services_with(channels=OPEN_TO_ALL))
    body = b'{"a":[' + piece * on_loop.MOST_QUICK_BRACKETS + b"1]}"
    assert isinstance(loop.take(delivery(body))[0], VerificationError)
    assert loop.left == left


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("key", ["rate_limit", "rate_limit_per_address"])
@pytest.mark.parametrize(
    ("uri", "left"), [("memory://", 0), ("redis://127.0.0.1:1/0?socket_connect_timeout=1", 1)]
)
def test_a_rate_that_another_machine_counts_is_asked_in_a_thread(
    services_with: MakeServices, key: str, uri: str, left: int
) -> None:
    services = services_with(channels=OPEN_TO_ALL + f'{key} = "5 per minute"\n')
    exchange(services, rate_limits=RateLimits(uri))
    loop = Loop(services)
    assert status_of(loop.take(signed_callback())[0]) == "accepted"
    assert loop.left == left


@pytest.mark.backends("sqlite")
def test_refusals_are_raised_and_neither_counted_nor_stored_on_the_loop(services_with: MakeServices) -> None:
    services = services_with()
    exchange(services, rate_limits=RateLimits("redis://127.0.0.1:1/0?socket_connect_timeout=1"))
    forged = signed_callback()._replace(body=b'{"event_id":"forged"}')
    loop = Loop(services)
    for request, channel, error in (
        (forged, "callback", VerificationError),
        (signed_callback(), "nobody", RefusedError),
        (signed_callback()._replace(method="PUT"), "callback", RefusedError),
    ):
        assert isinstance(loop.take(request, channel=channel)[0], error)
    assert (count_stored(services), loop.left) == (0, 0)


@pytest.mark.backends("sqlite")
def test_a_used_nonce_is_refused_on_the_loop_too(services_with: MakeServices) -> None:
    channel = CALLBACK_CHANNEL + 'scheme = "timestamp-nonce"\nunknown_events = "store"\n'
    body, stamp, nonce = json.dumps(envelope()).encode(), "1795176000", "4f1c0b7e2a9d"
    mac = hmac.new(b"callback-3f9d1c7b5a", body + f"{stamp}{nonce}".encode(), hashlib.sha256).hexdigest()
    headers = (("X-Signature", mac), ("X-Timestamp", stamp), ("X-Nonce", nonce))
    request = delivery(body, headers=headers)
    loop = Loop(services_with(channels=channel))
    first, again = (loop.take(request)[0] for _ in range(2))
    assert status_of(first) == "accepted"
    assert (type(again), again.code) == (VerificationError, "nonce_reused")


@pytest.mark.backends("postgresql", "mariadb")
def test_until_the_databases_clock_is_known_callbacks_are_taken_in_threads(
    services_with: MakeServices, database: Database
) -> None:
    clock = SharedClock(database)
    services = services_with(channels=OPEN_TO_ALL, clock=clock)
    loop = Loop(services)
    assert status_of(loop.take(signed_callback(envelope("evt_1")))[0]) == "accepted"
    assert (clock.is_known, loop.left) == (True, 1)
    assert status_of(loop.take(signed_callback(envelope("evt_2")))[0]) == "accepted"
    assert loop.left == 1
