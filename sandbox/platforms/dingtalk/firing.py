"""What the simulated DingTalk sends: events of the address book, the try of an address, a message to a robot.

Field names follow the platform's own samples (copies read 2026-11-27).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox.platforms.dingtalk import people, signer
from sandbox.platforms.dingtalk.api import CORP_ID
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

ROBOT_TYPE = "text"


def _user_event(kind: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "EventType": kind,
            "TimeStamp": str(int(moment.now * 1000)),
            "UserId": [people.user_id(moment.person)],
            "CorpId": CORP_ID,
            "OptStaffId": secrets.token_hex(6),
        }

    return build


def _check_url(_moment: Moment) -> dict[str, Any]:
    return {"EventType": "check_url"}


def _robot_text(moment: Moment) -> dict[str, Any]:
    return {
        "conversationId": "cid" + secrets.token_hex(8),
        "msgId": "msg" + secrets.token_urlsafe(12),
        "createAt": int(moment.now * 1000),
        "conversationType": "2",
        "senderStaffId": people.user_id(moment.person),
        "senderNick": moment.person.name_zh,
        "msgtype": "text",
        "text": {"content": " 你好"},
    }


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    timestamp, settings = str(int(state.now() * 1000)), state.settings
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if order.type == ROBOT_TYPE:
        sign = signer.robot_sign(settings["DINGTALK_APP_SECRET"], timestamp)
        signed = {**headers, "timestamp": timestamp, "sign": sign}
        return Outgoing("POST", path, signed, body.encode(), str(fields.get("msgId", "")))
    nonce = secrets.token_hex(4)
    # Events carry no id; this one only tells them apart on the simulator's pages.
    event_id = f"{fields.get('EventType', '')}:{fields.get('TimeStamp', nonce)}"
    sealed = signer.encrypt(body.encode(), settings["DINGTALK_AES_KEY"], settings["DINGTALK_APP_KEY"])
    signature = signer.signature(settings["DINGTALK_TOKEN"], timestamp, nonce, sealed)
    query = urlencode({"signature": signature, "timestamp": timestamp, "nonce": nonce})
    return Outgoing("POST", f"{path}?{query}", headers, json.dumps({"encrypt": sealed}).encode(), event_id)


def _read_answer(state: SandboxState, body: bytes) -> dict[str, Any]:
    """Opens the answer to an event; one that is not signed and sealed as DingTalk wants it says why."""
    settings = state.settings
    try:
        answer = json.loads(body)
        if "encrypt" not in answer:
            return {}
        signed = (answer["timeStamp"], answer["nonce"], answer["encrypt"])
        if signer.signature(settings["DINGTALK_TOKEN"], *signed) != answer["msg_signature"]:
            return {"answer_problem": "the signature differs"}
        plain = signer.decrypt(answer["encrypt"], settings["DINGTALK_AES_KEY"], settings["DINGTALK_APP_KEY"])
    except (ValueError, KeyError, TypeError) as error:
        return {"answer_problem": str(error)}
    return {"answer_plain": plain.decode("utf-8", "replace")}


CALLBACKS = Callbacks(
    samples=(
        Sample("user_add_org", Words("A new colleague", "员工入职"), _user_event("user_add_org")),
        Sample(
            "user_modify_org",
            Words("A colleague's data changed", "员工信息变更"),
            _user_event("user_modify_org"),
        ),
        Sample("user_leave_org", Words("A colleague left", "员工离职"), _user_event("user_leave_org")),
        Sample(ROBOT_TYPE, Words("A message to the robot", "机器人收到消息"), _robot_text),
        Sample("check_url", Words("Check of the address", "校验请求地址"), _check_url),
    ),
    sign=_sign,
    read_answer=_read_answer,
)
