"""Rejections come from anybody: each row is bounded, each channel has its share, and odd text is kept all the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from app.storage.database.db import Database
from app.storage.inbox import rejections
from app.storage.inbox.rejections import NewRejection, drop_beyond_cap, insert_rejection, list_rejections
from tests.builders import NOW

ODD = ("a\x00b", "half \ud83d", "\x00" * 400, "é" * 400, "\udfff\ud800", "x" * 5000)


def refused(**changes: Any) -> NewRejection:
    given: dict[str, Any] = {
        "channel": "shop",
        "status": 401,
        "error": "bad_signature",
        "reason": "bad_signature",
        "method": "POST",
        "path": "/webhooks/shop",
        "remote_addr": "203.0.113.7",
        "received_at": NOW,
        "headers": (("X-Signature", "0" * 64),),
        "body": b"{}",
        "trace_id": "t",
    }
    return NewRejection(**(given | changes))


def stored(database: Database, channel: str) -> list[Any]:
    with database.read() as tx:
        return list(list_rejections(tx, channel=channel, before=None, limit=100))


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("field", ["channel", "error", "reason", "method", "path", "remote_addr", "trace_id"])
def test_odd_text_in_any_field_is_kept_as_far_as_a_store_can(
    database: Database, field: str, text: str
) -> None:
    with database.begin() as tx:
        insert_rejection(tx, refused(**{field: text}))
    with database.read() as tx:
        (row,) = list_rejections(tx, channel=None, before=None, limit=9)
    kept = getattr(row, field)
    assert "\x00" not in kept
    assert kept.encode("utf-8")


def test_a_row_is_bounded_whatever_the_headers(database: Database) -> None:
    headers = (("X-\ud800", "v" * 480_000), *((f"X-{number}", "w" * 400) for number in range(200)))
    with database.begin() as tx:
        insert_rejection(tx, refused(headers=headers, body=b"b" * 1_000_000))
    (row,) = stored(database, "shop")
    assert len(row.headers) < 16_384
    assert len(row.body_start) == 4096
    assert row.body_length == 1_000_000
    assert orjson.loads(row.headers)[0][1] == "v" * rejections.LONGEST_HEADER


def test_a_channel_cannot_push_out_what_was_refused_on_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_PER_CHANNEL", 5)
    monkeypatch.setattr(rejections, "PRUNE_EVERY", 1)
    with database.begin() as tx:
        insert_rejection(tx, refused(reason="genuine"))
        for number in range(30):
            insert_rejection(tx, refused(channel=rejections.NO_CHANNEL, reason=str(number)))
    assert [row.reason for row in stored(database, "shop")] == ["genuine"]
    assert [row.reason for row in stored(database, rejections.NO_CHANNEL)] == ["29", "28", "27", "26", "25"]


def test_nothing_is_dropped_below_the_cap(database: Database) -> None:
    with database.begin() as tx:
        for _ in range(3):
            insert_rejection(tx, refused())
        assert drop_beyond_cap(tx, "shop") == 0
    assert len(stored(database, "shop")) == 3


def addresses(database: Database, channel: str = "shop") -> list[str]:
    return [row.remote_addr for row in reversed(stored(database, channel))]


@pytest.mark.parametrize(
    "flood", [["198.51.100.9"], ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3"]]
)
def test_one_caller_cannot_push_out_what_was_refused_of_another(
    database: Database, monkeypatch: pytest.MonkeyPatch, flood: list[str]
) -> None:
    monkeypatch.setattr(rejections, "MOST_PER_CHANNEL", 6)
    monkeypatch.setattr(rejections, "PRUNE_EVERY", 1)
    with database.begin() as tx:
        insert_rejection(tx, refused(remote_addr="203.0.113.7", reason="genuine"))
        for number in range(40):
            insert_rejection(tx, refused(remote_addr=flood[number % len(flood)], reason=str(number)))
    reasons = [row.reason for row in reversed(stored(database, "shop"))]
    assert reasons == ["genuine", "35", "36", "37", "38", "39"]


def test_callers_with_few_keep_all_and_the_others_have_the_same_share(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_PER_CHANNEL", 10)
    with database.begin() as tx:
        for address, count in (
            ("203.0.113.1", 2),
            ("203.0.113.2", 30),
            ("203.0.113.3", 1),
            ("203.0.113.4", 9),
        ):
            for _ in range(count):
                insert_rejection(tx, refused(remote_addr=address))
        drop_beyond_cap(tx, "shop")
    kept = Counter(addresses(database))
    assert kept == {"203.0.113.1": 2, "203.0.113.2": 3, "203.0.113.3": 1, "203.0.113.4": 3}


def test_more_callers_than_places_leave_the_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_PER_CHANNEL", 3)
    with database.begin() as tx:
        for number in range(8):
            insert_rejection(tx, refused(remote_addr=f"203.0.113.{number}"))
        assert drop_beyond_cap(tx, "shop") == 5
    assert addresses(database) == ["203.0.113.5", "203.0.113.6", "203.0.113.7"]


def test_rows_are_bounded_whatever_numbers_the_database_gives_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejections, "MOST_PER_CHANNEL", 5)
    monkeypatch.setattr(rejections, "PRUNE_EVERY", 2)
    with database.begin() as tx:
        for number in range(400):
            insert_rejection(tx, refused(channel=("shop", "till")[number % 2]))
    assert all(len(stored(database, channel)) < 50 for channel in ("shop", "till"))
