"""What the simulated official account pushes: messages, events and the check of an address, in all three modes.

Shapes follow the platform's own samples (read 2026-11-20).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sandbox.platforms.wechat.chat import TEMPLATE, remember
from sandbox.platforms.wechat.people import open_id
from sandbox.simulated import Callbacks, Moment, Sample
from sandbox.tencent_pushes import reader_of, signer_of
from sandbox.words import Words


def _message(kind: str, **members: Any) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ToUserName": moment.settings["WECHAT_ORIGINAL_ID"],
            "FromUserName": open_id(moment.person, moment.settings["WECHAT_APP_ID"]),
            "CreateTime": int(moment.now),
            "MsgType": kind,
            **members,
        }
        if kind != "event":
            fields["MsgId"] = 24_000_000_000_000_000 + secrets.randbelow(10**15)
        return fields

    return build


CALLBACKS = Callbacks(
    samples=(
        Sample("message.text", Words("A text message", "文本消息"), _message("text", Content="你好 gateway")),
        Sample(
            "subscribe", Words("Somebody follows", "关注"), _message("event", Event="subscribe", EventKey="")
        ),
        Sample(
            "SCAN",
            Words("A follower scans a QR code", "已关注用户扫码"),
            _message("event", Event="SCAN", EventKey="sandbox_scene", Ticket="gQSANDBOX"),
        ),
        Sample(
            "unsubscribe",
            Words("Somebody unfollows", "取消关注"),
            _message("event", Event="unsubscribe", EventKey=""),
        ),
        Sample(
            "CLICK",
            Words("A click on the menu", "点击菜单"),
            _message("event", Event="CLICK", EventKey="menu_help"),
        ),
        Sample(
            "subscribe_msg_popup_event",
            Words("Somebody agrees to a message", "同意接收订阅通知"),
            _message(
                "event",
                Event="subscribe_msg_popup_event",
                SubscribeMsgPopupEvent={
                    "List": {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept", "PopupScene": "2"}
                },
            ),
        ),
        Sample(
            "url_verification", Words("Check of the address (GET)", "校验服务器地址（GET）"), lambda _: {}
        ),
    ),
    sign=signer_of("WECHAT"),
    # Events have no id but their second.
    seconds_apart=True,
    read_answer=reader_of("WECHAT"),
    remember=remember,
)
