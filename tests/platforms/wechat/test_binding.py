"""Which events scan a scene, type a bind code, follow or leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.values import BindSignal, Event
from app.platforms.wechat.binding import typed_code
from tests.platforms.wechat.account import account

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def signal(kind: str, subject: str | None = "oPerson", **data: Any) -> BindSignal | None:
    event = Event("e1", "wechat", "wechat", kind, "k", subject, NOW, NOW, data, b"", ())
    return account().bind_signal(event)


@pytest.mark.parametrize("kind", ["subscribe", "SUBSCRIBE", "Subscribe"])
def test_follow_by_code_carries_the_scene(kind: str) -> None:
    assert signal(kind, EventKey="qrscene_abc") == BindSignal("oPerson", scene="abc", subscribed=True)


def test_prefix_is_taken_off_once() -> None:
    assert signal("subscribe", EventKey="qrscene_qrscene_abc") == BindSignal(
        "oPerson", scene="qrscene_abc", subscribed=True
    )


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "last_trade_no_4200001",
        "scanbarcode|1",
        "scanimage|2",
        "qrscene_",
        "abc",
        "QRSCENE_abc",
        5,
        {"a": 1},
    ],
)
def test_follow_for_another_reason_has_no_scene(key: object) -> None:
    assert signal("subscribe", EventKey=key) == BindSignal("oPerson", subscribed=True)


@pytest.mark.parametrize("kind", ["SCAN", "scan"])
@pytest.mark.parametrize("key", ["abc", "qrscene_abc", "4294967295"])
def test_scan_by_a_follower_keeps_its_key(kind: str, key: str) -> None:
    assert signal(kind, EventKey=key) == BindSignal("oPerson", scene=key, subscribed=True)


def test_scan_with_a_number_is_a_scene_too() -> None:
    assert signal("SCAN", EventKey=123) == BindSignal("oPerson", scene="123", subscribed=True)


def test_leaving_has_no_scene() -> None:
    assert signal("unsubscribe", EventKey="qrscene_abc") == BindSignal("oPerson", subscribed=False)


@pytest.mark.parametrize(
    "text",
    [
        "绑定 ABCD2345",
        "绑定ABCD2345",
        "绑定　abcd2345",
        "  bind abcd2345  ",
        "BIND ABCD2345",
        "Bindabcd2345",
        "bind ABCD 2345",
        "绑定 ABCD2345。",
        "绑定：ABCD2345！",
        "bind: abcd2345.",
        "绑定 ＡＢＣＤ２３４５",
        "bind\nABCD2345\n",
        "绑定\u2006ABCD2345",
    ],
)
def test_typed_code_is_found(text: str) -> None:
    assert signal("message.text", Content=text) == BindSignal("oPerson", code="ABCD2345")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        5,
        "ABCD2345",
        "绑定",
        "绑定 ABC",
        "绑定 ABCD23456",
        "please bind ABCD2345",
        "bind ABCD-2345",
        "绑定 ABCD2345 now please",
        "绑定 ＡＢＣＤ中３４５",
        "bind" + " " * 500 + "ABCD2345",
    ],
)
def test_other_text_is_no_code(text: object) -> None:
    assert typed_code(text) is None


@pytest.mark.parametrize("kind", ["CLICK", "message.image", "TEMPLATESENDJOBFINISH", "LOCATION"])
def test_other_events_mean_nothing_for_binding(kind: str) -> None:
    assert signal(kind, EventKey="qrscene_abc", Content="绑定 ABCD2345") is None


def test_event_about_nobody_means_nothing() -> None:
    assert signal("subscribe", None, EventKey="qrscene_abc") is None
