"""What the simulated official account pushes: messages, events and the check of an address, in all three modes.

Shapes follow the platform's own samples (read 2026-11-20).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox.platforms.wechat import signer
from sandbox.platforms.wechat.chat import remember_follower
from sandbox.platforms.wechat.people import open_id
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
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


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**9))
    signed = signer.signature(settings["WECHAT_TOKEN"], timestamp, nonce)
    query = {"signature": signed, "timestamp": timestamp, "nonce": nonce}
    if order.type == "url_verification":
        query["echostr"] = str(fields.get("echostr") or secrets.randbelow(9 * 10**18) + 10**18)
        return Outgoing("GET", f"{path}?{urlencode(query)}", {}, b"", query["echostr"])
    data_format = str(order.options.get("format", "xml"))
    mode = str(order.options.get("mode") or settings["WECHAT_MODE"])
    query["openid"] = str(fields.get("FromUserName", ""))
    body = signer.build_body(fields, data_format)
    if mode != "plain":
        encrypted = signer.encrypt(body, settings["WECHAT_ENCODING_AES_KEY"], settings["WECHAT_APP_ID"])
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signer.message_signature(
            settings["WECHAT_TOKEN"], timestamp, nonce, encrypted
        )
        shown = fields if mode == "compatible" else {"ToUserName": fields.get("ToUserName", "")}
        body = signer.build_body({**shown, "Encrypt": encrypted}, data_format)
    headers = {"Content-Type": "application/json" if data_format == "json" else "text/xml"}
    event_id = str(fields.get("MsgId") or f"{fields.get('FromUserName')}{fields.get('CreateTime')}")
    return Outgoing("POST", f"{path}?{urlencode(query)}", headers, body, event_id)


def _opened(state: SandboxState, body: bytes) -> dict[str, Any]:
    settings = state.settings
    if not body.lstrip().startswith((b"<", b"{")):
        return {}
    try:
        message = signer.parse_body(body)
        if "Encrypt" in message:
            message = signer.open_reply(
                body,
                token=settings["WECHAT_TOKEN"],
                encoding_aes_key=settings["WECHAT_ENCODING_AES_KEY"],
                receive_id=settings["WECHAT_APP_ID"],
            )
        return {"reply": message}
    except (ValueError, KeyError) as error:
        return {"reply_problem": str(error)}


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
            "url_verification", Words("Check of the address (GET)", "校验服务器地址（GET）"), lambda _: {}
        ),
    ),
    sign=_sign,
    # Events have no id but their second.
    seconds_apart=True,
    read_answer=_opened,
    remember=remember_follower,
)
