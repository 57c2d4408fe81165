"""Client addresses: one form, groups for limits, rules that an unreadable one does not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.addresses import (
    UNREADABLE,
    address_group,
    canonical_address,
    is_kept_out,
    parse_networks,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:0DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
    ],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    assert canonical_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "203.0.113",
        "203.0.113.7:",
        "203.0.113.7:x",
        "[2001:db8::1",
        "fe80::1%eth0",
        "1" * 70,
        "\x00",
    ],
)
def test_what_is_no_address_is_unreadable(text: str) -> None:
    assert canonical_address(text) == UNREADABLE


@given(st.text(max_size=80))
def test_any_text_has_a_form_that_stays(text: str) -> None:
    once = canonical_address(text)
    assert once == UNREADABLE or canonical_address(once) == once


def test_limits_count_an_ipv6_network_of_64_bits_as_one() -> None:
    assert address_group("2001:db8:1:2::7") == address_group("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert address_group("2001:db8:1:3::7") != address_group("2001:db8:1:2::7")


def test_limits_count_ipv4_addresses_one_by_one() -> None:
    assert address_group("203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize("address", ["203.0.113.7", "203.0.113.7:51234", "::ffff:203.0.113.7"])
def test_a_denied_address_is_kept_out_however_it_is_written(address: str) -> None:
    assert is_kept_out(address, denied=parse_networks(["203.0.113.0/24"]), allowed=())


@pytest.mark.parametrize("address", ["203.0.113.7", "203.0.113.7:51234", "::ffff:203.0.113.7"])
def test_an_allowed_address_comes_in_however_it_is_written(address: str) -> None:
    assert not is_kept_out(address, denied=(), allowed=parse_networks(["203.0.113.7"]))


def test_a_rule_written_as_ipv6_counts_for_ipv4() -> None:
    assert is_kept_out("203.0.113.7", denied=parse_networks(["::ffff:203.0.113.0/120"]), allowed=())


def test_an_unreadable_address_is_kept_out_where_there_is_a_rule() -> None:
    networks = parse_networks(["203.0.113.0/24"])
    assert is_kept_out("odd", denied=networks, allowed=())
    assert is_kept_out("odd", denied=(), allowed=networks)
    assert not is_kept_out("odd", denied=(), allowed=())
