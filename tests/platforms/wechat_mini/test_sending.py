"""The sender of a Mini Program against the simulated WeChat: customer service while it is open, one message for each agreement."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.sending import Message, Recipient, Sender, SendRefused
from app.platforms import discover
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.wechat_mini.firing import open_id
from sandbox.tencent_windows import agree, open_window
from tests.platforms.sending import Sending, refused_parts, sending
from tests.platforms.stored_events import event_of
from tests.sandbox.clients import fire
from tests.sandbox.server import SandboxServer

MAYA = PEOPLE[3]
PROGRESS = {
    "template_id": "sandbox_template",
    "page": "pages/progress?id=1",
    "miniprogram_state": "trial",
    "data": {"thing1": {"value": "退款"}, "thing2": {"value": "已到账"}},
}


def channel(sandbox: SandboxServer, **changes: Any) -> Any:
    own = sandbox.settings
    settings = {
        "app_id": own["WECHAT_MINI_APP_ID"],
        "app_secret": own["WECHAT_MINI_APP_SECRET"],
        "token": own["WECHAT_MINI_TOKEN"],
        "mode": "plain",
        "api_base": f"{sandbox.url}/wechat",
    }
    spec = discover()["wechat-mini"]
    return spec.open("mini", spec.settings.model_validate(settings | changes))


@pytest.fixture
def mini(sandbox: SandboxServer) -> Sending:
    return sending(channel(sandbox))


@pytest.fixture
def maya(sandbox: SandboxServer) -> Recipient:
    return Recipient("open_id", open_id(MAYA, sandbox.settings))


def kept(sandbox: SandboxServer) -> list[Delivered]:
    return sandbox.state.inbox.of("wechat-mini", "user:maya")


def refused(sender: Sending, message: Message, to: Recipient) -> tuple[str, str | None]:
    error = sender.refusal(message, to)
    assert isinstance(error, SendRefused)
    return error.at_fault, error.platform_code


def test_a_program_sends_only_with_its_secret(sandbox: SandboxServer) -> None:
    assert isinstance(channel(sandbox), Sender)
    assert not isinstance(channel(sandbox, app_secret=""), Sender)


def test_text_arrives_while_the_customer_service_is_open(
    sandbox: SandboxServer, mini: Sending, maya: Recipient
) -> None:
    assert refused(mini, Message(text="a"), maya) == ("recipient", "45015")
    open_window(sandbox.state, maya.value, 60, 1)
    mini.send(Message(title="退款", text="**已到账**"), maya)
    assert [each.text for each in kept(sandbox)] == ["退款\n已到账"]
    assert refused(mini, Message(text="a"), maya) == ("recipient", "45047")


def test_an_agreement_is_good_for_one_message_of_its_template(
    sandbox: SandboxServer, mini: Sending, maya: Recipient
) -> None:
    assert refused(mini, Message("subscribe", PROGRESS), maya) == ("recipient", "43101")
    agree(sandbox.state, maya.value, "sandbox_template")
    (result,) = mini.send(Message("subscribe", PROGRESS), maya)
    assert refused(mini, Message("subscribe", PROGRESS), maya) == ("recipient", "43101")
    (seen,) = kept(sandbox)
    assert (seen.heading, seen.fields) == ("服务进度提醒", (("服务项目", "退款"), ("进度说明", "已到账")))
    assert seen.raw == {"touser": maya.value, **PROGRESS}
    assert result.accepted_only


def test_what_a_person_does_in_the_program_opens_the_way(firing: SandboxServer) -> None:
    to = Recipient("open_id", open_id(MAYA, firing.settings))
    program = sending(channel(firing))
    for kind, message in (
        ("subscribe_msg_popup_event", Message("subscribe", PROGRESS)),
        ("user_enter_tempsession", Message(text="a")),
        ("message.text", Message(text="b")),
    ):
        fire(firing, channel="wechat-mini", platform="wechat-mini", type=kind, person="maya")
        program.send(message, to)
    assert [each.kind for each in kept(firing)] == ["subscribe", "text", "text"]


def test_title_and_text_fill_the_channels_template(sandbox: SandboxServer, maya: Recipient) -> None:
    keys = {
        "template_id": "sandbox_template",
        "template_data": {"thing1": "{title}", "thing2": "{text}"},
        "template_page": "pages/index",
    }
    agree(sandbox.state, maya.value, "sandbox_template")
    sending(channel(sandbox, **keys)).send(Message(title="退款", text="已到账，请查收"), maya)
    (seen,) = kept(sandbox)
    assert (seen.fields[1][1], seen.raw["page"]) == ("已到账，请查收", "pages/index")


def test_what_only_official_accounts_send_is_refused(
    sandbox: SandboxServer, mini: Sending, maya: Recipient
) -> None:
    for kind in ("template", "news", "voice"):
        assert refused_parts(mini.sender, Message(kind, {"a": "b"}), "open_id").code == "unknown_type"
    agree(sandbox.state, maya.value, "sandbox_template")
    wrong_page = {**PROGRESS, "page": "https://shop.example"}
    assert refused(mini, Message("subscribe", wrong_page), maya) == ("content", "41030")


def test_an_event_is_answered_to_its_person(sandbox: SandboxServer) -> None:
    assert channel(sandbox).reply_to(event_of(subject="o1")) == Recipient("open_id", "o1")
    assert channel(sandbox).reply_to(event_of()) is None
