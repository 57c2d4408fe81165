"""Sends messages with DingTalk: a group's custom robot, work notices (工作通知) to members and departments, the application's robot.

Sources: DingTalk's pages on custom robots and on `topapi/message/corpconversation/asyncsend_v2` (read 2026-11-28). What is odd: a robot is
proven by a signature over the time; the title is what a notification shows, so it is always there; a mention must stand in the
Markdown as well; the same notice to the same person goes out once a day and is dropped without a word after that, so a written notice
ends with the time. A work notice's result can only be asked for later: it is accepted here, never known to have arrived.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.errors import RequestError
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendRefused, SendResult
from app.platforms.dingtalk.app import DingtalkApp
from app.platforms.dingtalk.app_robot import robot_result
from app.platforms.dingtalk.message_types import (
    APP_ROBOT_BYTES,
    APP_ROBOT_TYPES,
    NOTICE_BYTES,
    NOTICE_TYPES,
    ROBOT_BYTES,
    ROBOT_TYPES,
    check_size,
)
from app.platforms.dingtalk.send_rules import NOTICE, ROBOT, unwrapped
from app.security.signatures import hmac_sha256
from app.wire.beijing_time import in_beijing
from app.wire.native_messages import apart, check_native, native_preview
from app.wire.send_answers import SETTINGS, taken
from app.wire.texts import Dialect, Limit, WrittenPart, write_parts

ROBOT_KIND, MEMBER, DEPARTMENT, CHAT = "robot", "user_id", "department", "chat_id"
NOTICE_PATH: Final = "/topapi/message/corpconversation/asyncsend_v2"
MEMBERS_PATH: Final = "/v1.0/robot/oToMessages/batchSend"
CHAT_PATH: Final = "/v1.0/robot/groupMessages/send"
TOKEN_HEADER: Final = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
EVERYBODY: Final = "@all"
MOBILE: Final = re.compile(r"(?:\+\d{1,3}-)?1[0-9]{10}", re.ASCII)
MEMBER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@\-]{0,63}")
MOST_MENTIONS: Final = 50
LONGEST_TITLE: Final = 64
TIME_RESERVE: Final = 40
MOST_MEMBERS, MOST_MEMBERS_OF_ROBOT, MOST_DEPARTMENTS = 100, 20, 20

PACES: Final = (
    Pace(20, 60, kinds=(ROBOT_KIND,)),
    Pace(50, 60, kinds=(MEMBER, DEPARTMENT)),
    Pace(500, 86_400, each_recipient=True, kinds=(MEMBER,)),
)
"""Custom robots: 20 a minute, then ten minutes of silence. Work notices: 5,000 receivers a minute, which 50 full calls are, and 500 a day for each person."""


class DingtalkSender(DingtalkApp):
    """Sends messages; satisfies Sender and KindLimits of app.core.sending."""

    most_recipients: int = 1
    recognises_repeats: bool = False
    paces: tuple[Pace, ...] = PACES

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """The custom robot where it has a token; people and groups where the application has its secret."""
        own = self.settings
        robot = (ROBOT_KIND,) if plain_text(own.robot_token) else ()
        if not plain_text(own.app_secret):
            return robot
        return (*robot, MEMBER, *((DEPARTMENT,) if own.agent_id else ()), CHAT)

    def most_of_kind(self, kind: str) -> int:
        """Return how many members or departments one call may name; robots and groups are one."""
        members = MOST_MEMBERS if self.settings.agent_id else MOST_MEMBERS_OF_ROBOT
        return {MEMBER: members, DEPARTMENT: MOST_DEPARTMENTS}.get(kind, 1)

    def needs_app_token(self, kind: str) -> bool:
        """Say whether the application's token is needed; a custom robot has one of its own."""
        return kind != ROBOT_KIND

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into what is sent; a written one becomes text or Markdown."""
        if kind == ROBOT_KIND:
            return _robot_parts(message)
        return _notice_parts(message) if self.sends_notices(kind) else _app_robot_parts(message)

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part once."""
        kind = to[0].kind
        if kind == ROBOT_KIND:
            return self._send_as_robot(part, lent)
        if not lent.app_token:
            raise SendRefused(
                SETTINGS, "Messages to people and groups need the application's token; set app_secret."
            )
        if self.sends_notices(kind):
            return self._send_notice(part, to, lent, lent.app_token)
        values = [each.value for each in to]
        named = {"openConversationId": values[0]} if kind == CHAT else {"userIds": values}
        answer = lent.http.request(
            "POST",
            self.settings.api_base + (CHAT_PATH if kind == CHAT else MEMBERS_PATH),
            json={"robotCode": self.robot_code, **named, **part.body},
            headers={TOKEN_HEADER: lent.app_token},
        )
        return robot_result(answer, to)

    @property
    def robot_code(self) -> str:
        """The code of the application's robot."""
        return self.settings.robot_code or self.settings.app_key

    def sends_notices(self, kind: str) -> bool:
        """Say whether this kind of recipient gets work notices."""
        return kind == DEPARTMENT or (kind == MEMBER and bool(self.settings.agent_id))

    def _send_as_robot(self, part: Part, lent: Lent) -> SendResult:
        own = self.settings
        parameters = {"access_token": plain_text(own.robot_token)}
        if secret := plain_text(own.robot_secret):
            parameters |= _signature(secret, lent.now)
        address = f"{own.oapi_base}/robot/send"
        taken(unwrapped(lent.http.request("POST", address, params=parameters, json=dict(part.body))), ROBOT)
        return SendResult()

    def _send_notice(self, part: Part, to: Sequence[Recipient], lent: Lent, app_token: str) -> SendResult:
        values, unusable = apart(to, ",", "DingTalk")
        if EVERYBODY in values:
            receivers: dict[str, Any] = {"to_all_user": True}
        else:
            receivers = {"userid_list" if to[0].kind == MEMBER else "dept_id_list": ",".join(values)}
        body = {"agent_id": self.settings.agent_id, **receivers, "msg": _with_time(part.body, lent.now)}
        address = self.settings.oapi_base + NOTICE_PATH
        content = taken(
            unwrapped(lent.http.request("POST", address, params={"access_token": app_token}, json=body)),
            NOTICE,
        )
        task = content.get("task_id")
        return SendResult(str(task) if isinstance(task, int | str) else None, unusable, accepted_only=True)


def _signature(secret: str, now: datetime) -> dict[str, str]:
    """Return time and signature as parameters; the client encodes them, once."""
    timestamp = str(int(now.timestamp() * 1000))
    digest = hmac_sha256(secret.encode(), f"{timestamp}\n{secret}".encode())
    return {"timestamp": timestamp, "sign": b64encode(digest).decode()}


def _robot_parts(message: Message) -> list[Part]:
    if message.is_native:
        check_native(message, ROBOT_TYPES, "DingTalk")
        body = {"msgtype": message.type, message.type: message.content}
        check_size(body, ROBOT_BYTES)
        return [Part(body, native_preview(message))]
    mentions = _checked_mentions(message.mentions)
    at, line = _at(mentions), "\n\n" + " ".join(f"@{each}" for each in mentions if each != EVERYBODY)
    parts = []
    for number, each in enumerate(_written(message, ROBOT_BYTES, reserve=1000 + 3 * len(line))):
        is_mentioning = number == 0 and bool(mentions)
        body = _text_or_markdown(message, each, line.rstrip() if is_mentioning else "")
        parts.append(Part({**body, "at": at} if is_mentioning else body, each.plain[:200]))
    return parts


def _notice_parts(message: Message) -> list[Part]:
    if message.is_native:
        check_native(message, NOTICE_TYPES, "DingTalk")
        body = {"msgtype": message.type, message.type: message.content}
        check_size(body, NOTICE_BYTES)
        return [Part(body, native_preview(message))]
    written = _written(message, NOTICE_BYTES, reserve=300 + TIME_RESERVE)
    return [Part({**_text_or_markdown(message, each), "written": True}, each.plain[:200]) for each in written]


def _app_robot_parts(message: Message) -> list[Part]:
    if message.is_native:
        check_native(message, APP_ROBOT_TYPES, "DingTalk")
        return [_app_robot_part(message.type, message.content, native_preview(message))]
    parts = []
    for each in _written(message, APP_ROBOT_BYTES, reserve=500):
        body = _text_or_markdown(message, each)
        name = "sampleText" if body["msgtype"] == "text" else "sampleMarkdown"
        parts.append(_app_robot_part(name, body[body["msgtype"]], each.plain[:200]))
    return parts


def _app_robot_part(key: str, content: Mapping[str, Any], preview: str) -> Part:
    return Part({"msgKey": key, "msgParam": check_size(content, APP_ROBOT_BYTES).decode()}, preview)


def _written(message: Message, most: int, reserve: int) -> tuple[WrittenPart, ...]:
    dialect = Dialect.PLAIN if message.format == "text" else Dialect.DINGTALK
    limit = Limit("json_bytes", most, reserve)
    return write_parts(message.title, message.text, message.format, dialect, limit, title_in_text=True)


def _text_or_markdown(message: Message, written: WrittenPart, behind: str = "") -> dict[str, Any]:
    """Return a written part as DingTalk takes it; Markdown with what stands behind it."""
    if message.format == "text":
        return {"msgtype": "text", "text": {"content": written.text}}
    title = (written.title or written.plain.strip().partition("\n")[0])[:LONGEST_TITLE]
    return {"msgtype": "markdown", "markdown": {"title": title, "text": written.text + behind}}


def _with_time(body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a notice for sending; a written one ends with the time, or DingTalk would drop its repetition on the same day."""
    if not body.get("written"):
        return dict(body)
    kind = str(body["msgtype"])
    name, time = "content" if kind == "text" else "text", in_beijing(now.timestamp())
    return {"msgtype": kind, kind: {**body[kind], name: f"{body[kind][name]}\n\n{time}"}}


def _checked_mentions(mentions: Sequence[str]) -> tuple[str, ...]:
    are_good = all(
        each == EVERYBODY or MOBILE.fullmatch(each) or MEMBER_ID.fullmatch(each) for each in mentions
    )
    if len(mentions) > MOST_MENTIONS or not are_good:
        raise RequestError(
            "bad_mention",
            f"DingTalk takes up to {MOST_MENTIONS} mentions, each a mobile number, a userid, or {EVERYBODY}.",
        )
    return tuple(dict.fromkeys(mentions))


def _at(mentions: Sequence[str]) -> dict[str, Any]:
    people = [each for each in mentions if each != EVERYBODY]
    mobiles = [each for each in people if MOBILE.fullmatch(each)]
    return {
        "atMobiles": mobiles,
        "atUserIds": [each for each in people if each not in mobiles],
        "isAtAll": EVERYBODY in mentions,
    }
