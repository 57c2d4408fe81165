"""What wechatpy sends to the simulated WeChat is what ours sends: the same bodies to the same calls, taken all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

wechatpy = pytest.importorskip("wechatpy", reason="the independent implementation is not installed")

from wechatpy import WeChatClient  # noqa: E402

from app.core.sending import Message, Recipient  # noqa: E402
from sandbox.people import PEOPLE  # noqa: E402
from sandbox.platforms.wechat import people  # noqa: E402
from sandbox.tencent_windows import TWO_DAYS, agree, open_window  # noqa: E402
from tests.platforms.sending import sending  # noqa: E402
from tests.platforms.wechat.simulator_client import account_token  # noqa: E402
from tests.platforms.wechat.test_sending import ORDER, channel  # noqa: E402
from tests.sandbox.server import SandboxServer  # noqa: E402

CALLS: dict[str, tuple[str, Callable[[Any, str], Any], Message]] = {
    "text": ("wechat.custom_send", lambda sent, to: sent.send_text(to, "你好"), Message(text="你好")),
    "image": (
        "wechat.custom_send",
        lambda sent, to: sent.send_image(to, "m1"),
        Message("image", {"media_id": "m1"}),
    ),
    "template": (
        "wechat.template_send",
        lambda sent, to: sent.send_template(to, "sandbox_order", ORDER["data"], url=ORDER["url"]),
        Message("template", ORDER),
    ),
    "subscribe": (
        "wechat.subscribed_send",
        lambda sent, to: sent.send_subscribe_message(to, "sandbox_order", ORDER["data"]),
        Message("subscribe", {"template_id": "sandbox_order", "data": ORDER["data"]}),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_body_is_that_of_the_independent_client(sandbox: SandboxServer, name: str) -> None:
    endpoint, send, message = CALLS[name]
    own = sandbox.settings
    to = people.open_id(PEOPLE[0], own["WECHAT_APP_ID"])
    sandbox.state.followers("wechat")[PEOPLE[0].key] = 1.0
    open_window(sandbox.state, to, TWO_DAYS, 5)
    for _ in range(2):
        agree(sandbox.state, to, "sandbox_order")
    token = account_token(sandbox)["access_token"]
    client = WeChatClient(own["WECHAT_APP_ID"], "", token, auto_retry=False)
    client.API_BASE_URL = f"{sandbox.url}/wechat/cgi-bin/"
    assert send(client.message, to)["errcode"] == 0
    sending(channel(sandbox)).send(message, Recipient("open_id", to))
    theirs, ours = (dict(call.json or {}) for call in sandbox.state.calls(endpoint))
    assert len(ours.pop("client_msg_id", "0" * 32)) == 32
    assert {name: value for name, value in theirs.items() if value} == ours
