"""What the simulated WeCom pushes: messages, events of applications, contacts and customers, and the check of an address.

Messages follow the official samples (read 2026-11-20). The fields of events are those that public SDKs know (WxJava, wechatpy);
they are unconfirmed beyond Event, ChangeType, UserID and ExternalUserID.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox import tencent_messages as signer
from sandbox.platforms.wecom.people import user_id
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.tencent_pushes import opened_reply
from sandbox.words import Words

Build = Callable[[Moment], dict[str, Any]]


def _message(kind: str, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ToUserName": moment.settings["WECOM_CORP_ID"],
            "FromUserName": user_id(moment.person),
            "CreateTime": int(moment.now),
            "MsgType": kind,
            **members,
            "AgentID": int(moment.settings["WECOM_AGENT_ID"]),
        }
        if kind != "event":
            fields["MsgId"] = 7_000_000_000_000_000_000 + secrets.randbelow(10**15)
        return fields

    return build


def _company_event(name: str, change: str = "", **members: Any) -> Build:
    """Builds an event of the whole company, which no application and no person sends."""

    def build(moment: Moment) -> dict[str, Any]:
        return {
            "ToUserName": moment.settings["WECOM_CORP_ID"],
            "FromUserName": "sys",
            "CreateTime": int(moment.now),
            "MsgType": "event",
            "Event": name,
            **({"ChangeType": change} if change else {}),
            **{key: value(moment) if callable(value) else value for key, value in members.items()},
        }

    return build


def _member(moment: Moment) -> str:
    return user_id(moment.person)


def _kf_message(moment: Moment) -> dict[str, Any]:
    """Builds the event that customer service messages wait; it names no sender."""
    return {
        "ToUserName": moment.settings["WECOM_CORP_ID"],
        "CreateTime": int(moment.now),
        "MsgType": "event",
        "Event": "kf_msg_or_event",
        "Token": "ENCsandbox",
        "OpenKfId": "wkSandbox",
    }


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**10))
    is_check = order.type == "url_verification"
    data_format = str(order.options.get("format", "xml"))
    echo = str(fields.get("echostr") or secrets.randbelow(9 * 10**18) + 10**18)
    body = echo.encode() if is_check else signer.build_body(fields, data_format)
    encrypted = signer.encrypt(body, settings["WECOM_ENCODING_AES_KEY"], settings["WECOM_CORP_ID"])
    query = {
        "msg_signature": signer.message_signature(settings["WECOM_TOKEN"], timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    if is_check:
        return Outgoing("GET", f"{path}?{urlencode({**query, 'echostr': encrypted})}", {}, b"", echo)
    outer = {
        "ToUserName": settings["WECOM_CORP_ID"],
        "AgentID": fields.get("AgentID", ""),
        "Encrypt": encrypted,
    }
    headers = {"Content-Type": "application/json" if data_format == "json" else "text/xml"}
    event_id = str(fields.get("MsgId") or f"{fields.get('FromUserName', '')}{fields.get('CreateTime')}")
    sent = signer.build_body(outer, data_format)
    return Outgoing("POST", f"{path}?{urlencode(query)}", headers, sent, event_id)


def _opened(state: SandboxState, body: bytes) -> dict[str, Any]:
    settings = state.settings
    return opened_reply(
        body,
        token=settings["WECOM_TOKEN"],
        encoding_aes_key=settings["WECOM_ENCODING_AES_KEY"],
        receive_id=settings["WECOM_CORP_ID"],
    )


def _sample(kind: str, english: str, chinese: str, build: Build) -> Sample:
    return Sample(kind, Words(english, chinese), build)


def _event_samples() -> tuple[Sample, ...]:
    return (
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
        _sample(
            "unsubscribe",
            "A member may no longer use it",
            "成员取消关注应用",
            _message("event", Event="unsubscribe"),
        ),
        _sample(
            "click", "A click on the menu", "点击菜单", _message("event", Event="click", EventKey="menu_help")
        ),
        _sample(
            "view",
            "A link of the menu was opened",
            "打开菜单链接",
            _message("event", Event="view", EventKey="https://example.com/"),
        ),
        _sample(
            "LOCATION",
            "Where somebody is",
            "上报地理位置",
            _message("event", Event="LOCATION", Latitude="23.104105", Longitude="113.320107", Precision="65"),
        ),
    )


def _contact_samples() -> tuple[Sample, ...]:
    member, members = {"UserID": _member}, {"UserID": _member, "Department": "1"}
    changes: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("create_user", "A member was added", "新增成员", members),
        ("update_user", "A member was changed", "更新成员", members),
        ("delete_user", "A member was removed", "删除成员", member),
        ("create_party", "A department was added", "新增部门", {"Id": 2, "ParentId": 1}),
        ("update_party", "A department was changed", "更新部门", {"Id": 2, "ParentId": 1}),
        ("delete_party", "A department was removed", "删除部门", {"Id": 2}),
        ("update_tag", "Members of a tag changed", "标签成员变更", {"TagId": 1, "AddUserItems": _member}),
    )
    return tuple(
        _sample(f"change_contact.{name}", english, chinese, _company_event("change_contact", name, **fields))
        for name, english, chinese, fields in changes
    )


def _customer_samples() -> tuple[Sample, ...]:
    customer = "change_external_contact"
    return (
        _sample(
            "change_external_contact.add_external_contact",
            "A customer was added",
            "添加企业客户",
            _company_event(
                customer,
                "add_external_contact",
                UserID=_member,
                ExternalUserID="wmSandbox",
                State="shop",
                WelcomeCode="WELCOME",
            ),
        ),
        _sample(
            "change_external_contact.del_external_contact",
            "A customer was removed",
            "删除企业客户",
            _company_event(customer, "del_external_contact", UserID=_member, ExternalUserID="wmSandbox"),
        ),
        _sample(
            "change_external_chat.create",
            "A group of customers was made",
            "客户群创建",
            _company_event("change_external_chat", "create", ChatId="wrSandbox"),
        ),
        _sample(
            "batch_job_result",
            "A job has ended",
            "异步任务完成",
            _company_event(
                "batch_job_result",
                BatchJob={"JobId": "job1", "JobType": "sync_user", "ErrCode": 0, "ErrMsg": "ok"},
            ),
        ),
        _sample("kf_msg_or_event", "Customer service messages wait", "微信客服消息", _kf_message),
    )


CALLBACKS = Callbacks(
    samples=(
        _sample("message.text", "A text message", "文本消息", _message("text", Content="你好 gateway")),
        _sample(
            "message.image",
            "A picture",
            "图片消息",
            _message("image", PicUrl="https://example.com/p.jpg", MediaId="media1"),
        ),
        _sample(
            "message.location",
            "A place",
            "位置消息",
            _message(
                "location",
                Location_X="23.13",
                Location_Y="113.35",
                Scale="20",
                Label="广州",
                AppType="wxwork",
            ),
        ),
        *_event_samples(),
        *_contact_samples(),
        *_customer_samples(),
        _sample("url_verification", "Check of the address (GET)", "验证 URL（GET）", lambda _: {}),
    ),
    sign=_sign,
    # Events have no id but their second.
    seconds_apart=True,
    read_answer=_opened,
)
