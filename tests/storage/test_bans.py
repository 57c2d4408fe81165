"""Bans in the store: one row for an address, written by one process, bounded, told once when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.storage import bans as table
from app.storage.bans import Ban, delete_ban, delete_ended, find_ban, list_bans, mark_ended, write_ban
from app.storage.database.db import Database
from tests.builders import NOW


def ban(address: str = "203.0.113.7", *, minutes: int = 0, seconds: int = 60, times: int = 1) -> Ban:
    began = NOW + timedelta(minutes=minutes)
    return Ban(address, "bad_signature", times, began, began + timedelta(seconds=seconds))


def test_a_ban_is_found_until_its_end(database: Database) -> None:
    with database.begin() as tx:
        assert write_ban(tx, ban())
    with database.read() as tx:
        assert find_ban(tx, "203.0.113.7") == ban()
        assert list_bans(tx, NOW + timedelta(seconds=59)) == [ban()]
        assert list_bans(tx, NOW + timedelta(seconds=60)) == []


def test_of_two_that_begin_at_once_one_is_written(database: Database) -> None:
    with database.begin() as tx:
        assert write_ban(tx, ban())
    with database.begin() as tx:
        assert not write_ban(tx, ban(seconds=300, times=2))
        assert find_ban(tx, "203.0.113.7") == ban()


def test_the_next_one_takes_the_place_of_one_that_ended(database: Database) -> None:
    with database.begin() as tx:
        write_ban(tx, ban())
        mark_ended(tx, NOW + timedelta(minutes=2))
        assert write_ban(tx, ban(minutes=2, times=2))
        assert list_bans(tx, NOW + timedelta(minutes=2)) == [ban(minutes=2, times=2)]


def test_an_end_is_told_once(database: Database) -> None:
    with database.begin() as tx:
        write_ban(tx, ban())
        assert mark_ended(tx, NOW) == []
        assert [each.address for each in mark_ended(tx, NOW + timedelta(seconds=60))] == ["203.0.113.7"]
        assert mark_ended(tx, NOW + timedelta(seconds=60)) == []


def test_old_ones_are_forgotten(database: Database) -> None:
    with database.begin() as tx:
        write_ban(tx, ban())
        assert delete_ended(tx, NOW + timedelta(seconds=60)) == 0
        assert delete_ended(tx, NOW + timedelta(seconds=61)) == 1
        assert find_ban(tx, "203.0.113.7") is None


def test_a_lifted_one_is_gone(database: Database) -> None:
    with database.begin() as tx:
        write_ban(tx, ban())
        assert delete_ban(tx, "203.0.113.7")
        assert not delete_ban(tx, "203.0.113.7")


def test_rows_are_bounded_and_ended_ones_go_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST_BANS", 3)
    with database.begin() as tx:
        write_ban(tx, ban("203.0.113.1", seconds=86_400))
        write_ban(tx, ban("203.0.113.2", minutes=1))
        mark_ended(tx, NOW + timedelta(minutes=2))
        for number in (3, 4, 5):
            write_ban(tx, ban(f"203.0.113.{number}", minutes=number))
        left = {each.address for each in list_bans(tx, NOW)}
    assert left == {"203.0.113.3", "203.0.113.4", "203.0.113.5"}
