"""Return addresses: what may be returned to, and every way of writing somewhere else that is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.return_urls import checked_return_url, is_safe_return_url, origin_to_tell

ALLOWED = ["https://app.example/cb", "https://all.example", "http://localhost:3000/"]


@pytest.mark.parametrize(
    "address",
    [
        "/报表", "/报表/一月?名=值#顶", "/@alice", "/%40alice", "/users/x@y.z", "/a@b/c?d=@e", "/é", "/（一）", "/👋",
        "https://app.example/cb/报表", "https://app.example/cb/@alice", "https://all.example/users/x@y.z",
        "/", "/a", "/a/b.c?x=1#y", "/a&state=zzz&code=1", "/a?next=//x", "/%E4%BD%A0", "/a.b/..c",
        "https://app.example/cb", "https://app.example/cb/x?y#z", "https://app.example/cb?x=1",
        "https://all.example", "https://all.example/", "https://all.example/x", "https://all.example?x",
        "http://localhost:3000/any",
    ],
)  # fmt: skip
def test_plain_addresses_pass(address: str):
    assert is_safe_return_url(address, ALLOWED)


@pytest.mark.parametrize(
    "address",
    [
        "", "x", "?x", "#x", "//evil", "///evil", "/\\evil", "\\/evil", "/\t/evil", "/%09/evil", "/\r\nX:1",
        "/%0d%0aX:1", "/a b", "/a/../b", "/a/.", "/%2e%2e/a", "/%2F/evil", "/%5cevil", "/x%", "/x%zz", "@evil", "//x@evil", "/\u2215evil", "/a\uff0e\uff0e", "/．．/x", "/\u202e报", "/\u3000", "/\u00a0", "/\ud800",
        "/\uff20evil", "/\uff05\uff12f", "https://app.example/cb@evil", "https://报.example/", "/" + "报" * 300,
        "/\uff0fevil", "\uff0f\uff0fevil", "/a//b", "https:evil", "https:/evil", "https:///evil", "https://",
        "javascript:alert(1)", "data:text/html,x", "HTTPS://app.example/cb", "Https://app.example/cb",
        "https://evil.example", "https://evil.example#good", "https://good@evil", "https://app.example@evil/cb",
        "https://app.example.evil/", "https://app.example:444/cb", "https://app.example:443/cb",
        "http://app.example/cb", "https://app.example/cb/../x", "https://app.example/cb/%2e%2e/x",
        "https://app.example/cbx", "https://app.example/", "https://app.example\\cb", "https://all.example.evil",
        "https://all.example\\@evil", "https://all.example%2eevil/", "https://xall.example/", "http://localhost:30001/",
        "/" + "a" * 2000,
    ],
)  # fmt: skip
def test_everything_odd_is_refused(address: str):
    assert not is_safe_return_url(address, ALLOWED)


@given(st.text(alphabet="/\\@:%.?#\t evilhtps0259acefxample", max_size=40))
def test_whatever_passes_stays_on_our_origins(address: str):
    if is_safe_return_url(address, ALLOWED):
        assert address.startswith("/")
        assert address[1:2] not in ("/", "\\")
        assert not set(address) & set("\\\t \r\n")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("/报表", "/%E6%8A%A5%E8%A1%A8"),
        ("/%E6%8A%A5", "/%E6%8A%A5"),
        ("/100%25/é?q=é", "/100%25/%C3%A9?q=%C3%A9"),
    ],
)
def test_letters_beyond_ascii_are_encoded_once(given: str, written: str):
    assert checked_return_url(given, ALLOWED) == written


def test_a_configured_address_may_have_letters_beyond_ascii():
    for allowed in ("https://app.example/报表", "https://app.example/%E6%8A%A5%E8%A1%A8"):
        assert is_safe_return_url("https://app.example/报表/x", [allowed])
        assert is_safe_return_url("https://app.example/%E6%8A%A5%E8%A1%A8/x", [allowed])
        assert not is_safe_return_url("https://app.example/报", [allowed])


def test_the_waiting_window_is_told_by_its_exact_origin():
    assert origin_to_tell("https://app.example/cb?x", "https://gate.example/base") == "https://app.example"
    assert origin_to_tell("/x", "https://gate.example/base") == "https://gate.example"
