"""What the simulated WeCom sends to a bot: messages, events, polls of a stream, the check of the address.

The forms follow the official pages 100719 and 101027 (read 2026-11-28); what `video` and `feedback_event` hold is what several
public bots read there. Everything is encrypted for nobody in particular: the receiver is empty.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox import tencent_messages as signer
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState, random_text
from sandbox.words import Words

Build = Callable[[Moment], dict[str, Any]]
CHECK = "url_verification"
NOBODY = ""
API = "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code="
FILE: dict[str, Any] = {"url": "https://example.com/sealed-by-the-encoding-aes-key"}


def _message(kind: str, *, group: bool = False, replies: bool = True, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "msgid": random_text(32),
            "aibotid": moment.settings["WECOM_AIBOT_ID"],
            **({"chatid": "wrSandboxGroup"} if group else {}),
            "chattype": "group" if group else "single",
            "from": {"userid": moment.person.key},
            **({"response_url": API + random_text(40)} if replies else {}),
            "msgtype": kind,
            kind: members,
        }

    return build


def _event(name: str, *, replies: bool = False, **members: Any) -> Build:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "msgid": random_text(32),
            "create_time": int(moment.now),
            "aibotid": moment.settings["WECOM_AIBOT_ID"],
            "chattype": "single",
            "from": {"userid": moment.person.key},
            **({"response_url": API + random_text(40)} if replies else {}),
            "msgtype": "event",
            "event": {"eventtype": name, name: members} if members else {"eventtype": name},
        }

    return build


def encrypted_body(text: bytes, encoding_aes_key: str) -> tuple[bytes, str]:
    """Wraps a message as bots get it; returns the body and the ciphertext that is signed."""
    ciphertext = signer.encrypt(text, encoding_aes_key, NOBODY)
    return json.dumps({"encrypt": ciphertext}).encode(), ciphertext


def open_reply(body: bytes, *, token: str, encoding_aes_key: str) -> dict[str, Any]:
    """Verifies and decrypts a bot's reply; raises ValueError or KeyError. Its names are in lower case, without underscores."""
    outer = json.loads(body)
    if not isinstance(outer["timestamp"], int):
        raise ValueError("the reply's timestamp is no number")
    expected = signer.message_signature(token, str(outer["timestamp"]), outer["nonce"], outer["encrypt"])
    if expected != outer["msgsignature"]:
        raise ValueError("the reply's msgsignature is wrong")
    message: dict[str, Any] = json.loads(signer.decrypt(outer["encrypt"], encoding_aes_key, NOBODY))
    return message


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**10))
    echo = str(fields.get("echostr") or secrets.randbelow(9 * 10**18) + 10**18)
    text = echo if order.type == CHECK else json.dumps(fields, ensure_ascii=False)
    body, ciphertext = encrypted_body(text.encode(), settings["WECOM_AIBOT_ENCODING_AES_KEY"])
    query = {
        "msg_signature": signer.message_signature(
            settings["WECOM_AIBOT_TOKEN"], timestamp, nonce, ciphertext
        ),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    if order.type == CHECK:
        return Outgoing("GET", f"{path}?{urlencode({**query, 'echostr': ciphertext})}", {}, b"", echo)
    headers = {"Content-Type": "application/json"}
    return Outgoing("POST", f"{path}?{urlencode(query)}", headers, body, str(fields["msgid"]))


def _opened(state: SandboxState, body: bytes) -> dict[str, Any]:
    settings = state.settings
    if not body.lstrip().startswith(b"{"):
        return {}
    try:
        reply = open_reply(
            body,
            token=settings["WECOM_AIBOT_TOKEN"],
            encoding_aes_key=settings["WECOM_AIBOT_ENCODING_AES_KEY"],
        )
        return {"reply": reply}
    except (ValueError, KeyError, TypeError) as error:
        return {"reply_problem": str(error)}


def _sample(kind: str, english: str, chinese: str, build: Build) -> Sample:
    return Sample(kind, Words(english, chinese), build)


_MIXED = [
    {"msgtype": "text", "text": {"content": "@bot 这是什么？"}},
    {"msgtype": "image", "image": FILE},
]
_CLICK = {"card_type": "button_interaction", "event_key": "approve", "task_id": "task1"}

CALLBACKS = Callbacks(
    samples=(
        _sample(
            "message.text",
            "A text in a group",
            "群聊中的文本消息",
            _message("text", group=True, content="@bot 你好 gateway"),
        ),
        _sample("message.image", "A picture", "图片消息", _message("image", **FILE)),
        _sample(
            "message.mixed",
            "Text and picture in one",
            "图文混排消息",
            _message("mixed", group=True, msg_item=_MIXED),
        ),
        _sample(
            "message.voice", "Speech, as text", "语音消息（已转文字）", _message("voice", content="你好")
        ),
        _sample("message.file", "A file", "文件消息", _message("file", **FILE)),
        _sample("message.video", "A video", "视频消息", _message("video", **FILE)),
        _sample(
            "message.stream",
            "The rest of an answer is asked for",
            "流式消息刷新",
            _message("stream", replies=False, id="stream1"),
        ),
        _sample("event.enter_chat", "First visit of the day", "进入会话", _event("enter_chat")),
        _sample(
            "event.template_card_event",
            "A button of a card was pressed",
            "点击模板卡片按钮",
            _event("template_card_event", replies=True, **_CLICK),
        ),
        _sample(
            "event.feedback_event",
            "Feedback on an answer",
            "用户反馈",
            _event("feedback_event", id="feedback1", type=1, content=""),
        ),
        _sample(CHECK, "Check of the address (GET)", "验证 URL（GET）", lambda _: {}),
    ),
    sign=_sign,
    read_answer=_opened,
)
