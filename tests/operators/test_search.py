"""Looking for events by key, subject, texts and data: at once by an index, window by window for everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import RequestError
from app.pipeline.operators import event_search
from app.pipeline.operators.event_export import event_lines
from app.pipeline.operators.event_neighbours import neighbours_of
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from tests.builders import CALLBACK_SECRET, FrozenClock
from tests.operators.stage import Crm, accept, empty_body


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(router=Crm().router())


def at_once(services: Services, **wanted: str) -> list[str]:
    """Return what is found with no time to look further than the first window."""
    answer = list_events_page(services, wanted, cursor=None, limit=50, seconds=-1.0)
    return [item["key"] for item in answer["items"]]


def found(services: Services, *, limit: int = 50, cursor: str | None = None, **wanted: str) -> list[str]:
    return [item["key"] for item in page(services, limit=limit, cursor=cursor, **wanted)["items"]]


def page(services: Services, *, limit: int = 50, cursor: str | None = None, **wanted: str) -> dict[str, Any]:
    return list_events_page(services, wanted, cursor=cursor, limit=limit)


def some(services: Services, clock: FrozenClock, count: int = 6) -> list[str]:
    ids = []
    for number in range(count):
        data = {"user_id": f"user_{number}", "note": f"order {number} paid", "city": "深圳"}
        ids.append(accept(services, f"evt_{number}", data=data))
        clock.advance(seconds=1)
    return ids


def test_texts_in_the_data_are_found_newest_first(services: Services, clock: FrozenClock) -> None:
    some(services, clock)
    assert found(services, data="order 3 paid") == ["evt_3"]
    assert found(services, data="深圳", limit=2) == ["evt_5", "evt_4"]
    assert found(services, data='"note":"order 1') == ["evt_1"]
    assert found(services, data="nowhere") == []
    assert found(services, data="order 3", channel="other") == []
    whole = page(services, data="paid")
    assert (len(whole["items"]), whole["partial"], whole["searched_back_to"]) == (6, False, None)


def test_pages_of_a_search_join_without_a_gap(services: Services, clock: FrozenClock) -> None:
    some(services, clock)
    for wanted in ({"data": "paid"}, {"q": "evt"}, {"q": "evt_", "data": "order"}):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            answer = page(services, limit=2, cursor=cursor, **wanted)
            seen += [item["key"] for item in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert seen == [f"evt_{number}" for number in reversed(range(6))], wanted


def test_a_search_that_runs_out_of_time_says_how_far_it_came(
    services: Services, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(services, clock)
    monkeypatch.setattr(event_search, "FIRST_WINDOW", 2)
    answer = list_events_page(services, {"data": "order 0"}, cursor=None, limit=50, seconds=-1.0)
    assert (answer["items"], answer["partial"]) == ([], True)
    assert answer["searched_back_to"] == "2026-11-20T12:00:04.000Z"
    cursor = answer["next_cursor"]
    for _ in range(5):
        answer = list_events_page(services, {"data": "order 0"}, cursor=cursor, limit=50, seconds=-1.0)
        if answer["items"]:
            break
        cursor = answer["next_cursor"]
    assert [item["key"] for item in answer["items"]] == ["evt_0"]


def test_a_whole_name_is_found_at_once_however_old(
    services: Services, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = some(services, clock)
    monkeypatch.setattr(event_search, "FIRST_WINDOW", 1)
    assert at_once(services, q="evt_0") == ["evt_0"]
    assert at_once(services, q=ids[0]) == ["evt_0"]
    assert at_once(services, q=ids[1][:31]) == ["evt_1"]
    assert at_once(services, q="user_2") == ["evt_2"]
    assert at_once(services, key="evt_3") == ["evt_3"]


def test_subjects_and_keys_are_exact(services: Services, clock: FrozenClock) -> None:
    some(services, clock)
    assert found(services, subject="user_4") == ["evt_4"]
    assert found(services, subject="user_") == []
    assert found(services, key="evt_") == []
    assert found(services, key="evt_2", subject="user_3") == []


def test_what_was_found_by_name_is_on_the_first_page_only(services: Services, clock: FrozenClock) -> None:
    some(services, clock)
    first = page(services, limit=1, q="user_1")
    rest = page(services, limit=1, q="user_1", cursor=first["next_cursor"])
    assert [item["key"] for item in first["items"] + rest["items"]] == ["evt_1"]


@pytest.mark.backends("sqlite")
def test_nobody_learns_a_secret_by_looking_for_it(services: Services, clock: FrozenClock) -> None:
    accept(services, "evt_1", data={"echo": CALLBACK_SECRET, "note": "told"})
    assert found(services, data="told") == ["evt_1"]
    assert found(services, data=CALLBACK_SECRET[:8]) == []


@pytest.mark.backends("sqlite")
def test_what_retention_emptied_is_not_found(services: Services, clock: FrozenClock) -> None:
    (event_id,) = some(services, clock, 1)
    empty_body(services, event_id)
    assert found(services, data="paid") == []


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "wanted", [{"data": "x" * 201}, {"key": "x" * 256}, {"data": "a\x00b"}, {"subject": "\x00"}]
)
def test_what_cannot_be_looked_for_is_refused(services: Services, wanted: dict[str, str]) -> None:
    with pytest.raises(RequestError):
        list_events_page(services, wanted, cursor=None, limit=5)


def test_events_go_out_one_a_line_with_their_data(services: Services, clock: FrozenClock) -> None:
    some(services, clock)
    lines = [line.decode() for line in event_lines(services, {}, cursor=None, limit=4)]
    assert len(lines) == 5
    assert all(line.endswith("\n") for line in lines)
    assert '"data":{"user_id":"user_5"' in lines[0].replace(" ", "")
    assert lines[-1].startswith('{"next_cursor":')
    assert len(list(event_lines(services, {"data": "order 2"}, cursor=None, limit=100))) == 1


def test_a_page_finds_nothing_by_a_text_that_it_masks(services: Services, clock: FrozenClock) -> None:
    """Otherwise whoever may only look learns a phone number, a mail address or a token letter by letter."""
    data = {"phone": "13812345678", "mail": "ana@shop.example", "token": "abcdef-123456", "city": "Oslo"}
    event_id = accept(services, "13987654321", data=data)
    clock.advance(seconds=1)
    newer = accept(services, "other")
    tries: list[dict[str, str]] = [
        {"data": "1381234"},
        {"data": "ana@"},
        {"data": "abcdef-1"},
        {"q": "1398765"},
    ]
    for wanted in tries:
        assert list_events_page(services, wanted, cursor=None, limit=50)["items"], wanted
        shown = list_events_page(services, wanted, cursor=None, limit=50, as_shown=True)
        assert shown["items"] == [], wanted
        newer = accept(
            services, f"other-{next(iter(wanted.values()))}", data={"x": next(iter(wanted.values()))}
        )
        assert neighbours_of(services, wanted, newer).older is None, wanted
    for wanted in ({"data": "Oslo"}, {"q": event_id[:20]}):
        items = list_events_page(services, wanted, cursor=None, limit=50, as_shown=True)["items"]
        assert event_id in [item["id"] for item in items]
