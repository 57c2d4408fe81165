"""What the simulated Open Platform pushes to a third-party platform: tickets, authorisations, messages of an account.

The forms follow the official pages (read 2026-11-28). An event of the third-party platform goes to the channel's own
address, a message one level below it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox import tencent_messages as signer
from sandbox.platforms.wechat_component import authorisations
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.tencent_pushes import opened_reply
from sandbox.words import Words

Build = Callable[[Moment], dict[str, Any]]
PREFIX = "WECHAT_COMPONENT"
OWN_EVENTS = (
    "component_verify_ticket",
    "authorized",
    "updateauthorized",
    "unauthorized",
    "notify_third_fasteregister",
)


def _own(kind: str, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "AppId": moment.settings[f"{PREFIX}_APP_ID"],
            "CreateTime": int(moment.now),
            "InfoType": kind,
            **members,
        }

    return build


def _message(kind: str, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ToUserName": authorisations.ORIGINAL_ID,
            "FromUserName": signer.identifier(authorisations.ACCOUNT, moment.person.key),
            "CreateTime": int(moment.now),
            "MsgType": kind,
            **members,
        }
        if kind != "event":
            fields["MsgId"] = 24_000_000_000_000_000 + secrets.randbelow(10**15)
        return fields

    return build


def _path(order: Order) -> str:
    base = f"/webhooks/{order.channel}"
    return (
        base if order.type in OWN_EVENTS else f"{base}/{order.options.get('account', authorisations.ACCOUNT)}"
    )


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    fields = _with_credentials(state, fields)
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**10))
    token = settings[f"{PREFIX}_TOKEN"]
    encrypted = signer.encrypt(
        signer.build_xml(fields).encode(),
        settings[f"{PREFIX}_ENCODING_AES_KEY"],
        settings[f"{PREFIX}_APP_ID"],
    )
    query = {
        "signature": signer.signature(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signer.message_signature(token, timestamp, nonce, encrypted),
    }
    is_own = "InfoType" in fields
    outer = (
        {"AppId": settings[f"{PREFIX}_APP_ID"]} if is_own else {"ToUserName": fields.get("ToUserName", "")}
    )
    sent = signer.build_xml({**outer, "Encrypt": encrypted}).encode()
    named = (
        fields.get("MsgId")
        or f"{fields.get('InfoType', '')}{fields.get('FromUserName', '')}{fields.get('CreateTime')}"
    )
    return Outgoing("POST", f"{path}?{urlencode(query)}", {"Content-Type": "text/xml"}, sent, str(named))


def _with_credentials(state: SandboxState, fields: dict[str, Any]) -> dict[str, Any]:
    """Puts in what the API will take: a new ticket, a new code; what the order gave itself stays."""
    match fields.get("InfoType"):
        case "component_verify_ticket":
            return {
                **fields,
                "ComponentVerifyTicket": fields.get("ComponentVerifyTicket")
                or authorisations.new_ticket(state),
            }
        case "authorized" | "updateauthorized" if not fields.get("AuthorizationCode"):
            code, ends_at = authorisations.new_code(state, str(fields["AuthorizerAppid"]))
            return {**fields, "AuthorizationCode": code, "AuthorizationCodeExpiredTime": int(ends_at)}
        case "unauthorized":
            authorisations.withdraw(state, str(fields["AuthorizerAppid"]))
    return fields


def _opened(state: SandboxState, body: bytes) -> dict[str, Any]:
    settings = state.settings
    return opened_reply(
        body,
        token=settings[f"{PREFIX}_TOKEN"],
        encoding_aes_key=settings[f"{PREFIX}_ENCODING_AES_KEY"],
        receive_id=settings[f"{PREFIX}_APP_ID"],
    )


def _sample(kind: str, english: str, chinese: str, build: Build) -> Sample:
    return Sample(kind, Words(english, chinese), build)


_ABOUT = {"AuthorizerAppid": authorisations.ACCOUNT, "PreAuthCode": "preauthcode@@@sandbox"}

CALLBACKS = Callbacks(
    samples=(
        _sample(
            "component_verify_ticket",
            "The ticket of every ten minutes",
            "推送 ticket",
            _own("component_verify_ticket"),
        ),
        _sample("authorized", "An account authorises", "授权成功", _own("authorized", **_ABOUT)),
        _sample(
            "updateauthorized",
            "An account changes its authorisation",
            "更新授权",
            _own("updateauthorized", **_ABOUT),
        ),
        _sample(
            "unauthorized",
            "An account authorises no more",
            "取消授权",
            _own("unauthorized", AuthorizerAppid=authorisations.ACCOUNT),
        ),
        _sample(
            "message.text",
            "A text message to an account",
            "文本消息",
            _message("text", Content="你好 gateway"),
        ),
        _sample(
            "subscribe",
            "Somebody follows an account",
            "关注",
            _message("event", Event="subscribe", EventKey=""),
        ),
        _sample(
            "CLICK",
            "A click on an account's menu",
            "点击菜单",
            _message("event", Event="CLICK", EventKey="menu_help"),
        ),
    ),
    sign=_sign,
    path=_path,
    # Events have no id but their second.
    seconds_apart=True,
    read_answer=_opened,
)
