"""What the simulated Mini Program pushes: customer messages, events of subscriptions and of privacy, the check of an address.

Shapes follow the platform's own samples (read 2026-11-20).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sandbox.people import PEOPLE, Person, find_person
from sandbox.settings import SandboxSettings
from sandbox.simulated import Callbacks, Moment, Order, Sample
from sandbox.state import SandboxState
from sandbox.tencent_messages import identifier
from sandbox.tencent_pushes import reader_of, signer_of
from sandbox.tencent_windows import PROGRAM_WINDOWS, remember_event
from sandbox.words import Words

Build = Callable[[Moment], dict[str, Any]]
TEMPLATE = "sandbox_template"


def open_id(person: Person, settings: SandboxSettings) -> str:
    """Returns the OpenID that the Mini Program knows a person by."""
    return open_id_of(person, settings["WECHAT_MINI_APP_ID"])


def open_id_of(person: Person, app_id: str) -> str:
    """Returns the OpenID that the program with this AppID knows a person by."""
    return identifier("wechat", "open", app_id, person.key)


def _message(kind: str, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ToUserName": moment.settings["WECHAT_MINI_ORIGINAL_ID"],
            "FromUserName": open_id(moment.person, moment.settings),
            "CreateTime": int(moment.now),
            "MsgType": kind,
            **{name: value(moment) if callable(value) else value for name, value in members.items()},
        }
        if kind != "event":
            fields["MsgId"] = 24_000_000_000_000_000 + secrets.randbelow(10**15)
        return fields

    return build


def _subscription(name: str, member: str, entry: dict[str, Any]) -> Build:
    return _message("event", Event=name, **{member: {"List": {"TemplateId": TEMPLATE, **entry}}})


def _privacy(name: str, **members: Any) -> Build:
    """Builds an event about a person that the platform itself sends."""

    def build(moment: Moment) -> dict[str, Any]:
        event = _message("event", Event=name, **members)(moment)
        person = {"OpenID": event["FromUserName"], "AppID": moment.settings["WECHAT_MINI_APP_ID"]}
        return {**event, **person, "FromUserName": "oPushService"}

    return build


def _remember(state: SandboxState, order: Order) -> None:
    """Remembers what a person's event allows the program to send them."""
    person = find_person(order.person) or PEOPLE[0]
    remember_event(state, open_id(person, state.settings), order, PROGRAM_WINDOWS, TEMPLATE)


def _sample(kind: str, english: str, chinese: str, build: Build) -> Sample:
    return Sample(kind, Words(english, chinese), build)


CALLBACKS = Callbacks(
    samples=(
        _sample(
            "message.text", "A customer message", "客服文本消息", _message("text", Content="你好 gateway")
        ),
        _sample(
            "message.image",
            "A picture",
            "客服图片消息",
            _message("image", PicUrl="https://example.com/p.jpg", MediaId="media1"),
        ),
        _sample(
            "message.miniprogrampage",
            "A page of the Mini Program",
            "小程序卡片消息",
            _message(
                "miniprogrampage",
                Title="标题",
                AppId="wx0",
                PagePath="pages/index",
                ThumbUrl="",
                ThumbMediaId="m",
            ),
        ),
        _sample(
            "user_enter_tempsession",
            "Somebody opens the customer service",
            "进入客服会话",
            _message("event", Event="user_enter_tempsession", SessionFrom="shop"),
        ),
        _sample(
            "subscribe_msg_popup_event",
            "An answer to the question about messages",
            "订阅消息弹窗操作",
            _subscription(
                "subscribe_msg_popup_event",
                "SubscribeMsgPopupEvent",
                {"SubscribeStatusString": "accept", "PopupScene": "0"},
            ),
        ),
        _sample(
            "subscribe_msg_change_event",
            "Messages were switched off",
            "订阅消息管理",
            _subscription(
                "subscribe_msg_change_event", "SubscribeMsgChangeEvent", {"SubscribeStatusString": "reject"}
            ),
        ),
        _sample(
            "subscribe_msg_sent_event",
            "A subscribed message was sent",
            "订阅消息发送结果",
            _subscription(
                "subscribe_msg_sent_event",
                "SubscribeMsgSentEvent",
                {"MsgID": "1700827132819554304", "ErrorCode": "0", "ErrorStatus": "success"},
            ),
        ),
        _sample(
            "user_info_modified",
            "Somebody changed their data",
            "用户资料变更",
            _privacy("user_info_modified"),
        ),
        _sample(
            "user_authorization_revoke",
            "Somebody took back their consent",
            "用户撤回授权",
            _privacy("user_authorization_revoke", RevokeInfo="1"),
        ),
        _sample("url_verification", "Check of the address (GET)", "校验服务器地址（GET）", lambda _: {}),
    ),
    sign=signer_of("WECHAT_MINI"),
    # Events have no id but their second.
    seconds_apart=True,
    read_answer=reader_of("WECHAT_MINI"),
    remember=_remember,
)
