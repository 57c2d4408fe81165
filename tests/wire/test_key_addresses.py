"""Addresses of keys that a request names: what is called, and what is a stranger's."""

from __future__ import annotations

import pytest

from app.core.errors import VerificationError
from app.wire.key_addresses import KeyAddresses, check_prefix, check_region

KNOWN = KeyAddresses(
    (
        "https://gosspublic.alicdn.com/",
        "http://gosspublic.alicdn.com/",
        "https://<region>-keys.example.com/cert",
    ),
    ("cn-hangzhou", "cn-beijing"),
)


def test_an_address_below_a_known_prefix_is_called() -> None:
    address = "https://gosspublic.alicdn.com/callback_pub_key_v1.pem"
    assert KNOWN.judged(address) == address


def test_a_region_of_the_list_fills_its_place() -> None:
    address = "https://cn-beijing-keys.example.com/cert_1.pem"
    assert KNOWN.judged(address) == address
    assert KNOWN.judged("https://cn-beijing-keys.example.com/cert.pem").endswith("/cert.pem")


def test_plain_http_is_called_over_https() -> None:
    assert KNOWN.judged("http://gosspublic.alicdn.com/a.pem") == "https://gosspublic.alicdn.com/a.pem"


def test_only_the_origins_of_prefixes_may_be_called() -> None:
    assert KNOWN.origins == {
        "https://gosspublic.alicdn.com:443",
        "https://cn-hangzhou-keys.example.com:443",
        "https://cn-beijing-keys.example.com:443",
    }


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://gosspublic.alicdn.com",
        "https://gosspublic.alicdn.com/",
        "https://gosspublic.alicdn.com.evil.example/a.pem",
        "https://gosspublic.alicdn.com@evil.example/a.pem",
        "https://user@gosspublic.alicdn.com/a.pem",
        "https://gosspublic.alicdn.com:8443/a.pem",
        "https://evil.example/https://gosspublic.alicdn.com/a.pem",
        "https://gosspublic.alicdn.com/../evil/a.pem",
        "https://gosspublic.alicdn.com//evil.example/a.pem",
        "https://gosspublic.alicdn.com/a.pem?x=1",
        "https://gosspublic.alicdn.com/a.pem#x",
        "https://gosspublic.alicdn.com/a%2f..%2fb.pem",
        "https://gosspublic.alicdn.com/a\\b.pem",
        "https://gosspublic.alicdn.com/a.pem\n",
        "HTTPS://gosspublic.alicdn.com/a.pem",
        "ftp://gosspublic.alicdn.com/a.pem",
        "file:///etc/passwd",
        "https://evil-keys.example.com/cert.pem",
        "https://cn-hangzhou-keys.example.com/other.pem",
        "https://gosspublic.alicdn.com/" + "a" * 600,
        "https://gosspublic.alicdn.com/" + "a/" * 60_000,
    ],
    ids=lambda address: address[:60],
)
def test_a_strangers_address_is_never_called(address: str) -> None:
    with pytest.raises(VerificationError) as caught:
        KNOWN.judged(address)
    assert caught.value.reason == "bad_key_address"


@pytest.mark.parametrize(
    "prefix",
    [
        "https://host.example",
        "gosspublic.alicdn.com/",
        "ftp://a/",
        "https://a/?x=1",
        "https://u@a/",
        "https://a/<region>/",
    ],
)
def test_a_prefix_without_a_slash_after_its_host_is_no_setting(prefix: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_prefix(prefix)


@pytest.mark.parametrize("region", ["", "cn.hangzhou", "CN", "a/b", "-x", "evil.example/"])
def test_a_region_is_one_word(region: str) -> None:
    with pytest.raises(ValueError, match="word"):
        check_region(region)
