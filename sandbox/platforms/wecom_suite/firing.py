"""What the simulated WeCom pushes to a suite: tickets, authorisations, events of a company, the check of an address.

The forms follow the official pages (read 2026-11-28). An event of the suite goes to the channel's own address, what
happens in a company one level below it; each is encrypted for its own receiver.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox import tencent_messages as signer
from sandbox.platforms.wecom_suite import companies
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.tencent_pushes import opened_reply
from sandbox.words import Words

Build = Callable[[Moment], dict[str, Any]]
CHECK = "url_verification"
OF_COMPANY = ("message.text", "enter_agent", "subscribe")


def _command(kind: str, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "SuiteId": moment.settings["WECOM_SUITE_ID"],
            "InfoType": kind,
            "TimeStamp": int(moment.now),
            **members,
        }

    return build


def _message(kind: str, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ToUserName": companies.COMPANY,
            "FromUserName": moment.person.key,
            "CreateTime": int(moment.now),
            "MsgType": kind,
            **members,
            "AgentID": 1000007,
        }
        if kind != "event":
            fields["MsgId"] = 7_000_000_000_000_000_000 + secrets.randbelow(10**15)
        return fields

    return build


def _path(order: Order) -> str:
    base = f"/webhooks/{order.channel}"
    return f"{base}/{companies.COMPANY}" if order.type in OF_COMPANY else base


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**10))
    echo = str(fields.get("echostr") or secrets.randbelow(9 * 10**18) + 10**18)
    fields = _with_credentials(state, fields)
    receiver = _receiver(state, order, fields)
    body = echo if order.type == CHECK else signer.build_xml(fields)
    encrypted = signer.encrypt(body.encode(), settings["WECOM_SUITE_ENCODING_AES_KEY"], receiver)
    query = {
        "msg_signature": signer.message_signature(settings["WECOM_SUITE_TOKEN"], timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    if order.type == CHECK:
        return Outgoing("GET", f"{path}?{urlencode({**query, 'echostr': encrypted})}", {}, b"", echo)
    sent = signer.build_xml({"ToUserName": receiver, "Encrypt": encrypted}).encode()
    named = (
        fields.get("MsgId")
        or f"{fields.get('InfoType', '')}{fields.get('TimeStamp') or fields.get('CreateTime')}"
    )
    return Outgoing("POST", f"{path}?{urlencode(query)}", {"Content-Type": "text/xml"}, sent, str(named))


def _receiver(state: SandboxState, order: Order, fields: dict[str, Any]) -> str:
    """Says whom a request is encrypted for: the provider, the suite or the company."""
    if order.type == CHECK:
        return state.settings["WECOM_SUITE_PROVIDER_CORP_ID"]
    return state.settings["WECOM_SUITE_ID"] if "InfoType" in fields else str(fields["ToUserName"])


def _with_credentials(state: SandboxState, fields: dict[str, Any]) -> dict[str, Any]:
    """Puts in what the API will take: a new ticket, a new code; what the order gave itself stays."""
    match fields.get("InfoType"):
        case "suite_ticket":
            return {**fields, "SuiteTicket": fields.get("SuiteTicket") or companies.new_ticket(state)}
        case "create_auth" | "reset_permanent_code" if not fields.get("AuthCode"):
            return {**fields, "AuthCode": companies.new_code(state)}
        case "cancel_auth":
            companies.withdraw(state, str(fields["AuthCorpId"]))
    return fields


def _opened(state: SandboxState, body: bytes) -> dict[str, Any]:
    settings = state.settings
    return opened_reply(
        body,
        token=settings["WECOM_SUITE_TOKEN"],
        encoding_aes_key=settings["WECOM_SUITE_ENCODING_AES_KEY"],
        receive_id=companies.COMPANY,
    )


def _sample(kind: str, english: str, chinese: str, build: Build) -> Sample:
    return Sample(kind, Words(english, chinese), build)


_ABOUT = {"AuthCorpId": companies.COMPANY}

CALLBACKS = Callbacks(
    samples=(
        _sample(
            "suite_ticket", "The ticket of every ten minutes", "推送 suite_ticket", _command("suite_ticket")
        ),
        _sample("create_auth", "A company authorises", "授权成功", _command("create_auth", State="callgate")),
        _sample(
            "reset_permanent_code",
            "A customised application gets a new Secret",
            "代开发应用重新获取 Secret",
            _command("reset_permanent_code"),
        ),
        _sample(
            "change_auth",
            "A company changes its authorisation",
            "变更授权",
            _command("change_auth", **_ABOUT),
        ),
        _sample("cancel_auth", "A company authorises no more", "取消授权", _command("cancel_auth", **_ABOUT)),
        _sample(
            "change_contact.create_user",
            "A member of the company was added",
            "新增成员",
            _command("change_contact", **_ABOUT, ChangeType="create_user", UserID="zhangsan"),
        ),
        _sample("message.text", "A text message", "文本消息", _message("text", Content="你好 gateway")),
        _sample(
            "enter_agent",
            "Somebody opens the application",
            "进入应用",
            _message("event", Event="enter_agent", EventKey=""),
        ),
        _sample(
            "subscribe",
            "A member may use the application",
            "成员关注应用",
            _message("event", Event="subscribe"),
        ),
        _sample(CHECK, "Check of the address (GET)", "验证 URL（GET）", lambda _: {}),
    ),
    sign=_sign,
    path=_path,
    # Events have no id but their second.
    seconds_apart=True,
    read_answer=_opened,
)
