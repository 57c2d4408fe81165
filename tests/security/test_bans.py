"""A process's copy of the bans: one look-up for each request, and who is never kept out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.security import bans as module
from app.security.addresses import UNREADABLE, address_group, parse_networks
from app.security.bans import Bans
from tests.builders import NOW

END = NOW + timedelta(minutes=1)


def test_an_ipv6_address_is_kept_out_with_its_network() -> None:
    bans = Bans()
    bans.add(address_group("2001:db8:0:1::5"), END)
    assert bans.end_of("2001:db8:0:1:ffff::9") == END
    assert bans.end_of("2001:db8:0:2::5") is None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "::1", UNREADABLE, "203.0.113.7", "2001:db8:0:7::9", "198.51.100.1"],
)
def test_who_is_never_kept_out(address: str) -> None:
    bans = Bans(parse_networks(["203.0.113.0/24", "2001:db8:0:7::1"]))
    bans.know_proxy("198.51.100.1")
    assert bans.is_exempt(address_group(address))


@pytest.mark.parametrize("address", ["203.0.114.7", "2001:db8:0:8::1", "10.0.0.1"])
def test_everybody_else_can_be_kept_out(address: str) -> None:
    bans = Bans(parse_networks(["203.0.113.0/24", "2001:db8:0:7::1"]))
    assert not bans.is_exempt(address_group(address))


def test_proxies_are_remembered_in_a_bounded_number() -> None:
    bans = Bans()
    for number in range(200):
        bans.know_proxy(f"10.0.0.{number}")
    assert len(bans._proxies) == module.MOST_PROXIES


def test_what_the_store_knows_takes_the_place_of_the_copy() -> None:
    bans = Bans()
    bans.add("203.0.113.1", END)
    bans.replace({"203.0.113.2": END})
    assert (bans.end_of("203.0.113.1"), bans.end_of("203.0.113.2")) == (None, END)


def test_a_ban_of_an_exempt_address_in_the_store_is_not_taken_over() -> None:
    bans = Bans(parse_networks(["203.0.113.0/24"]))
    bans.replace({"203.0.113.2": END, "198.51.100.7": END})
    assert (bans.end_of("203.0.113.2"), bans.end_of("198.51.100.7")) == (None, END)


def test_a_copy_is_old_at_first_and_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("app.security.bans.time.monotonic", lambda: now[0])
    bans = Bans()
    assert bans.is_old()
    bans.mark_renewed()
    assert not bans.is_old()
    now[0] += module.RENEW_SECONDS
    assert bans.is_old()
    assert not Bans(enabled=False).is_old()
