"""The sender of an Official Account against the simulated WeChat: customer service, templates, subscriptions, what refusals mean."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import TokenRejected, UpstreamError
from app.core.sending import Message, Recipient, Sender, SendRefused
from app.platforms import discover
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.wechat import people
from sandbox.tencent_windows import TWO_DAYS, agree, open_window
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.stored_events import event_of
from tests.sandbox.server import SandboxServer

MAYA = PEOPLE[3]
ORDER = {
    "template_id": "sandbox_order",
    "url": "https://shop.example/orders/1",
    "data": {
        "character_string1": {"value": "A-1001"},
        "phrase2": {"value": "已发货"},
        "thing3": {"value": "预计明天送达"},
    },
}
ONCE = {
    "template_id": "t1",
    "scene": 7,
    "title": "抢票结果",
    "data": {"content": {"value": "成功", "color": "#000"}},
}


def channel(sandbox: SandboxServer, **changes: Any) -> Any:
    own = sandbox.settings
    settings = {
        "app_id": own["WECHAT_APP_ID"],
        "app_secret": own["WECHAT_APP_SECRET"],
        "token": own["WECHAT_TOKEN"],
        "mode": "plain",
        **{f"{name}_base": f"{sandbox.url}/wechat" for name in ("api", "open", "mp")},
    }
    spec = discover()["wechat"]
    return spec.open("wechat", spec.settings.model_validate(settings | changes))


@pytest.fixture
def wechat(sandbox: SandboxServer) -> Sending:
    return sending(channel(sandbox))


@pytest.fixture
def maya(sandbox: SandboxServer) -> Recipient:
    return Recipient("open_id", people.open_id(MAYA, sandbox.settings["WECHAT_APP_ID"]))


def kept(sandbox: SandboxServer) -> list[Delivered]:
    return sandbox.state.inbox.of("wechat", "user:maya")


def follow(sandbox: SandboxServer) -> None:
    sandbox.state.followers("wechat")["maya"] = sandbox.state.now()


def test_an_account_sends_only_with_its_secret(sandbox: SandboxServer) -> None:
    assert isinstance(channel(sandbox), Sender)
    assert not isinstance(channel(sandbox, app_secret=""), Sender)


def test_markdown_arrives_as_plain_text_while_the_window_is_open(
    sandbox: SandboxServer, wechat: Sending, maya: Recipient
) -> None:
    open_window(sandbox.state, maya.value, TWO_DAYS, 5)
    (result,) = wechat.send(Message(title="订单", text="**已发货**，[查看](https://shop.example/1)"), maya)
    (seen,) = kept(sandbox)
    assert seen.text == "订单\n已发货，查看 (https://shop.example/1)"
    assert not result.accepted_only


def test_a_long_text_is_split_by_bytes(sandbox: SandboxServer, wechat: Sending, maya: Recipient) -> None:
    open_window(sandbox.state, maya.value, TWO_DAYS, 5)
    text = "\n\n".join(f"第{number}段" + "长" * 100 for number in range(12))
    wechat.send(Message(text=text), maya)
    seen = kept(sandbox)
    assert len(seen) > 1
    assert all(len(each.text.encode()) <= 2048 for each in seen)
    assert all(f"第{number}段" in "".join(each.text for each in seen) for number in range(12))


def test_without_a_window_and_after_its_last_message_the_person_is_not_reached(
    sandbox: SandboxServer, wechat: Sending, maya: Recipient
) -> None:
    for code in ("45015", "45047"):
        error = wechat.refusal(Message(text="a"), maya)
        assert isinstance(error, SendRefused)
        assert (error.at_fault, error.platform_code) == ("recipient", code)
        open_window(sandbox.state, maya.value, 60, 1)
        wechat.send(Message(text="b"), maya)
    sandbox.state.advance(61)
    error = wechat.refusal(Message(text="a"), maya)
    assert "48 hours" in error.message


def test_a_template_is_read_as_a_form_and_sent_once_for_a_key(
    sandbox: SandboxServer, wechat: Sending, maya: Recipient
) -> None:
    follow(sandbox)
    results = [wechat.send(Message("template", ORDER), maya, repeat_key="a" * 32) for _ in range(2)]
    (seen,) = kept(sandbox)
    assert seen.heading == "订单状态通知"
    assert seen.fields == (("订单编号", "A-1001"), ("订单状态", "已发货"), ("备注", "预计明天送达"))
    assert seen.buttons == (("查看详情", "https://shop.example/orders/1"),)
    assert results[0] == results[1]
    assert results[0][0].accepted_only
    assert results[0][0].message_id


def test_each_agreement_is_good_for_one_message(
    sandbox: SandboxServer, wechat: Sending, maya: Recipient
) -> None:
    for kind, content in (("subscribe", ORDER), ("subscribe_once", ONCE)):
        agree(sandbox.state, maya.value, str(content["template_id"]))
        wechat.send(Message(kind, content), maya)
        error = wechat.refusal(Message(kind, content), maya)
        assert isinstance(error, SendRefused)
        assert (error.at_fault, error.platform_code) == ("recipient", "43101")
    assert [each.kind for each in kept(sandbox)] == ["subscribe", "subscribe_once"]


def test_title_and_text_fill_the_channels_template_cut_to_its_types(
    sandbox: SandboxServer, maya: Recipient
) -> None:
    keys = {
        "template_id": "sandbox_notice",
        "template_data": {"thing1": "{title}", "thing2": "{title}：{text}"},
        "template_page": "https://ops.example/",
    }
    follow(sandbox)
    sending(channel(sandbox, **keys)).send(
        Message(title="磁盘 {text}", text="**db-1** 已用 97%，请尽快清理日志"), maya
    )
    (seen,) = kept(sandbox)
    assert seen.fields == (("通知标题", "磁盘 {text}"), ("通知内容", "磁盘 {text}：db-1 已用 9…"))
    assert seen.buttons == (("查看详情", "https://ops.example/"),)
    agree(sandbox.state, maya.value, "sandbox_notice")
    sending(channel(sandbox, **keys, template_kind="subscribe")).send(Message(text="👨‍👩‍👧‍👦" * 5), maya)
    assert kept(sandbox)[1].fields[0][1] == "👨‍👩‍👧‍👦" * 2 + "…"


def test_a_template_that_is_half_a_template_is_refused_at_start(sandbox: SandboxServer) -> None:
    for keys in (
        {"template_id": "t"},
        {"template_data": {"thing1": "{title}"}},
        {"template_id": "t", "template_data": {"thing1": "always"}},
        {"template_id": "t", "template_data": {"thing 1": "{title}"}},
    ):
        with pytest.raises(ValidationError):
            channel(sandbox, **keys)


def test_a_wrong_shape_is_refused_before_anything_is_sent(wechat: Sending) -> None:
    long = {**ORDER, "data": {**ORDER["data"], "thing3": {"value": "长" * 21}}}  # type: ignore[dict-item]
    unagreed = {name: value for name, value in ONCE.items() if name != "scene"}
    for code, named, message in (
        ("unknown_type", "msgmenu", Message("markdown", {"content": "a"})),
        ("bad_content", "template_id", Message("template", {"data": {}})),
        ("bad_content", "data", Message("template", {"template_id": "t"})),
        ("bad_content", "thing1", Message("template", {"template_id": "t", "data": {"thing1": "a"}})),
        ("bad_content", "thing3 has 21 characters and WeChat takes 20", Message("template", long)),
        ("bad_content", "scene", Message("subscribe_once", unagreed)),
        ("text_too_long", "2048", Message("text", {"content": "长" * 700})),
        ("bad_content", "media_id", Message("image", {})),
        ("bad_content", "articles", Message("news", {"articles": []})),
        ("no_text", "", Message()),
    ):
        error = refused_parts(wechat.sender, message, "open_id")
        assert error.code == code
        assert named in error.message


def test_refusals_of_the_platform_say_who_is_at_fault(
    sandbox: SandboxServer, wechat: Sending, maya: Recipient
) -> None:
    bad_value = {**ORDER, "data": {"character_string1": {"value": "A"}}}
    for message, to, at_fault, code in (
        (Message("template", ORDER), maya, "recipient", "43004"),
        (Message("template", ORDER), Recipient("open_id", "oNobody"), "recipient", "40003"),
        (Message("template", {**ORDER, "template_id": "other"}), maya, "content", "40037"),
        (Message("template", bad_value), maya, "content", "47003"),
    ):
        error = wechat.refusal(message, to)
        assert isinstance(error, SendRefused)
        assert (error.at_fault, error.platform_code) == (at_fault, code)
    assert kept(sandbox) == []
    wechat.app_token = "old"
    assert isinstance(wechat.refusal(Message("template", ORDER), maya), TokenRejected)


OUTCOMES: dict[str, tuple[int, ...]] = {
    "recipient": (40003, 43004, 50005, 43019, 43101, 45015, 45047, 48002),
    "content": (40037, 41030, 47003, 47001, 45002, 44004, 40007, 40008, 45008, 424242),
    "settings": (48001, 48004, 50002, 40164, 40013, 40125, 50007, 89503),
    "wait": (45011, 45009),
    "busy": (-1,),
    "stale": (40001, 40014, 42001),
}


def told(sandbox: SandboxServer, *answers: Any) -> UpstreamError:
    account = sending(channel(sandbox), api(*answers))
    account.app_token = "t"
    error = account.refusal(Message(text="a"), Recipient("open_id", "o1"))
    assert isinstance(error, UpstreamError)
    return error


def test_every_number_has_its_outcome(sandbox: SandboxServer) -> None:
    for name, codes in OUTCOMES.items():
        for code in codes:
            assert outcome_of(told(sandbox, answer({"errcode": code, "errmsg": "no"}))) == name, code
    assert outcome_of(told(sandbox, answer(b"<html>"))) == "unknown"


def test_the_address_that_is_missing_in_the_whitelist_is_named(sandbox: SandboxServer) -> None:
    text = "invalid ip 198.51.100.7 ipv6 ::ffff:198.51.100.7, not in whitelist rid: 1-2"
    assert "198.51.100.7" in told(sandbox, answer({"errcode": 40164, "errmsg": text})).message


def test_an_event_is_answered_to_its_person(sandbox: SandboxServer) -> None:
    assert channel(sandbox).reply_to(event_of(subject="o1")) == Recipient("open_id", "o1")
    assert channel(sandbox).reply_to(event_of()) is None
