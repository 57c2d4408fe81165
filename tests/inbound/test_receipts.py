"""Receipts: kept for a moment, written along with others or by themselves, shown with their event, gone with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from app.core.errors import StoreUnavailable
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail
from app.pipeline.receipts import GO_ALONG, MOST_WAITING, Receipts
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep.measures import Measures
from app.storage.inbox.receipts import COLUMNS, MOST_ANSWER_BYTES, receipts
from app.storage.pruning.old_events import delete_events, empty_events
from tests.builders import CALLBACK_CHANNEL, FrozenClock, envelope, signed_callback
from tests.odd_text import ODD_TEXTS
from tests.operators.stage import run_due

TRACE = "0123456789abcdef0123456789abcdef"
STORES = f'{CALLBACK_CHANNEL}unknown_events = "store"\n'


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=STORES)


def deliver(services: Services, key: str = "evt_1", trace_id: str = TRACE) -> str:
    answer = receive(services, "callback", signed_callback(envelope(key)), trace_id=trace_id)
    return str(json.loads(answer.body)["event_id"])


def receipt_of(services: Services, event_id: str) -> Any:
    detail = event_detail(services, event_id)
    assert detail is not None
    return detail["receipt"]


def count(services: Services) -> int:
    with services.database.read() as tx:
        return len(tx.execute(receipts.select()).all())


def test_an_event_shows_what_its_platform_was_answered(services: Services) -> None:
    event_id = deliver(services)
    assert receipt_of(services, event_id) is None
    Measures(services).write()
    shown = receipt_of(services, event_id)
    assert shown.pop("duration_ms") > 0
    assert json.loads(shown.pop("answer"))["event_id"] == event_id
    assert shown == {"answered_at": "2026-11-20T12:00:00.000Z", "status": 200, "trace_id": TRACE}


def test_many_go_along_with_a_commit_of_callbacks(services: Services) -> None:
    for number in range(GO_ALONG):
        deliver(services, f"evt_{number}")
    assert count(services) == 0
    deliver(services, "evt_last")
    assert count(services) == GO_ALONG


def test_going_along_costs_no_commit(services: Services) -> None:
    for number in range(GO_ALONG):
        deliver(services, f"evt_{number}")
    before = services.database.commits
    deliver(services, "evt_last")
    assert services.database.commits == before + 1


def test_the_last_answer_is_the_one_that_is_kept(services: Services) -> None:
    event_id = deliver(services, trace_id="a" * 32)
    deliver(services, trace_id="b" * 32)
    Measures(services).write()
    assert count(services) == 1
    assert receipt_of(services, event_id)["trace_id"] == "b" * 32
    deliver(services, trace_id="c" * 32)
    Measures(services).write()
    assert receipt_of(services, event_id)["trace_id"] == "c" * 32


def test_a_receipt_that_cannot_be_written_keeps_no_callback_from_being_stored(services: Services) -> None:
    for number in range(GO_ALONG):
        deliver(services, f"evt_{number}")
    with services.database.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE receipts RENAME TO away")
    try:
        assert deliver(services, "evt_last")
        assert deliver(services, "evt_more")
    finally:
        with services.database.begin() as tx:
            tx.exec_driver_sql("ALTER TABLE away RENAME TO receipts")


@pytest.mark.backends("sqlite")
def test_an_answer_is_masked(services_with: Callable[..., Services]) -> None:
    router = Router()

    @router.on("callback", inline=True)
    def tells(_event: Any, _context: Any) -> dict[str, str]:
        return {"phone": "13812345678", "access_token": "very-secret-1", "mail": "li@example.com"}

    services = services_with(router=router)
    event_id = deliver(services)
    Measures(services).write()
    answer = receipt_of(services, event_id)["answer"]
    assert answer
    assert not [word for word in ("13812345678", "very-secret-1", "li@example.com") if word in answer]


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_text_in_an_answer_is_kept(services: Services, name: str) -> None:
    event_id = deliver(services)
    answer = ODD_TEXTS[name].encode("utf-8", "surrogatepass") * 600
    services.receipts.add([event_id], status=200, seconds=0.001, trace_id=TRACE, answer=answer)
    Measures(services).write()
    assert json.dumps(receipt_of(services, event_id), ensure_ascii=False).encode()
    with services.database.read() as tx:
        assert len(tx.execute(receipts.select()).one().answer) <= MOST_ANSWER_BYTES


def test_a_receipt_goes_with_its_event_and_its_answer_with_the_body(services: Services) -> None:
    event_id = deliver(services)
    Measures(services).write()
    run_due(services)
    with services.database.begin() as tx:
        empty_events(tx, [event_id])
    assert receipt_of(services, event_id)["answer"] is None
    with services.database.begin() as tx:
        delete_events(tx, [event_id])
    assert count(services) == 0


def test_while_the_store_is_away_no_more_than_so_many_wait(clock: FrozenClock) -> None:
    waiting = Receipts(clock)
    for number in range(MOST_WAITING + 10):
        waiting.add([f"{number:032x}"], status=200, seconds=0.1, trace_id="", answer=b"")
    assert sum(len(waiting.take()) for _ in range(MOST_WAITING)) == MOST_WAITING


@pytest.mark.backends("sqlite")
def test_a_store_that_is_away_ends_no_writer(services: Services) -> None:
    deliver(services)
    measures = Measures(services)

    def away(_work: Any) -> None:
        raise StoreUnavailable

    services.database.run, kept = away, services.database.run  # type: ignore[method-assign, assignment]
    measures.write()
    services.database.run = kept  # type: ignore[method-assign]
    deliver(services, "evt_2")
    measures.write()
    assert count(services) == 1


@pytest.mark.backends("sqlite")
def test_rows_are_written_in_one_order_so_that_processes_never_wait_for_each_other_in_a_ring(
    services: Services,
) -> None:
    written: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "receipts" in statement:
            written.extend(parameters[:: len(COLUMNS)])

    ids = [f"{number:032x}" for number in (5, 1, 4, 2, 3)]
    services.receipts.add(ids, status=200, seconds=0.1, trace_id="", answer=b"ok")
    event.listen(services.database.engine, "before_cursor_execute", look)
    Measures(services).write()
    event.remove(services.database.engine, "before_cursor_execute", look)
    assert written == sorted(ids)
