"""The whole way with a real platform: a signed callback of an Official Account, the pipeline, the reply in the chat."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.core.values import InboundRequest, Reply
from app.pipeline.binding.codes import create_bind_code
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.bindings import list_openids_page
from app.pipeline.services import Services
from sandbox.platforms.wechat import signer
from tests.builders import NOW

TOKEN = "wechat-token-7d1"
ACCOUNT = f"""
[channels.wechat]
platform = "wechat"
app_id = "wx0123456789abcdef"
token = "{TOKEN}"
mode = "plain"
"""


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=ACCOUNT)


def send(services: Services, person: str, second: int, **fields: str) -> Reply:
    """Send a message as the platform would."""
    timestamp, nonce = str(int(NOW.timestamp()) + second), f"nonce{second}"
    named = {"ToUserName": "gh_1", "FromUserName": person, "CreateTime": timestamp} | fields
    request = InboundRequest(
        method="POST",
        path="/wechat/wechat",
        query_string=f"signature={signer.signature(TOKEN, timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}",
        headers=(("Content-Type", "text/xml"),),
        body=signer.build_body(named, "xml"),
        remote_addr="203.0.113.9",
        received_at=NOW,
    )
    return receive(services, "wechat", request, trace_id="t")


def items(services: Services) -> list[tuple[object, object]]:
    page = list_openids_page(services, app="crm", channel="wechat", cursor=None, limit=10)
    return [(item["open_id"], item["subscribed"]) for item in page["items"]]


def test_follow_scan_type_and_leave(services: Services) -> None:
    first, second = (create_bind_code(services, app="crm", channel_name="wechat").bindcode for _ in range(2))
    followed = send(services, "oA", 1, MsgType="event", Event="subscribe", EventKey=f"qrscene_{first.scene}")
    assert "绑定成功 · Bound" in followed.body.decode()
    scanned = send(services, "oB", 2, MsgType="event", Event="SCAN", EventKey=first.scene)
    assert "has been used" in scanned.body.decode()
    text = f"Bind {second.code[:4].lower()} {second.code[4:]}"
    typed = send(services, "oB", 3, MsgType="text", Content=text, MsgId="1")
    assert "绑定成功 · Bound" in typed.body.decode()
    assert send(services, "oA", 4, MsgType="event", Event="unsubscribe").body == b"success"
    assert sorted(items(services)) == [("oA", False), ("oB", True)]


def test_a_redelivered_message_gets_the_same_reply_again(services: Services) -> None:
    made = create_bind_code(services, app="crm", channel_name="wechat").bindcode
    replies = [
        send(services, "oA", 1, MsgType="text", Content=f"绑定{made.code}", MsgId="7").body for _ in range(3)
    ]
    assert "绑定成功 · Bound" in replies[0].decode()
    assert replies[1:] == replies[:2]


def test_other_messages_are_not_answered_by_binding(services: Services) -> None:
    assert send(services, "oA", 1, MsgType="text", Content="hello", MsgId="1").body == b"success"
    assert send(services, "oA", 2, MsgType="event", Event="subscribe", EventKey="").body == b"success"
    assert items(services) == []
