"""Sends messages with WeCom: a group's robot (群机器人, now 消息推送) by its key, and the application to members by its token.

Sources: WeCom pages 99110 and 90236 (read 2026-11-28). What is odd: every answer is HTTP 200; of an application's message those it
cannot reach stand in the answer of a success; over the limits it says success and drops the message, so nothing of an application
is ever known to have arrived. `markdown_v2` has tables and lists and no mentions, `markdown` the other way round, and both show
`@all` and mobile numbers only as text; so the mentions choose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.errors import RequestError
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendRefused, SendResult
from app.core.sent_messages import Sent
from app.platforms.wecom.application import WecomApplication
from app.platforms.wecom.message_types import (
    APP_MARKDOWN_BYTES,
    APP_TYPES,
    ROBOT_MARKDOWN_BYTES,
    ROBOT_TYPES,
    TEXT_BYTES,
)
from app.platforms.wecom.send_rules import APPLICATION, NO_SUCH_MEMBER, ROBOT
from app.wire.native_messages import apart, check_native, native_preview
from app.wire.send_answers import SETTINGS, taken
from app.wire.texts import Dialect, Limit, WrittenPart, write_parts

ROBOT_KIND, MEMBER, DEPARTMENT, TAG = "robot", "user_id", "department", "tag"
APP_KINDS: Final = (MEMBER, DEPARTMENT, TAG)
ADDRESSED: Final = {MEMBER: "touser", DEPARTMENT: "toparty", TAG: "totag"}
UNREACHED: Final = {
    MEMBER: (
        ("invaliduser", NO_SUCH_MEMBER),
        ("unlicenseduser", "This member has no licence for the application's interface."),
    ),
    DEPARTMENT: (
        (
            "invalidparty",
            "WeCom knows no such department, or it is not in the application's visible range (可见范围).",
        ),
    ),
    TAG: (("invalidtag", "WeCom knows no such tag, or the application may not use it."),),
}
MOST: Final = {ROBOT_KIND: 1, MEMBER: 1000, DEPARTMENT: 100, TAG: 100}
EVERYBODY: Final = "@all"
MOBILE: Final = re.compile(r"1[0-9]{10}")
MEMBER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@\-]{0,63}")
MOST_MENTIONS: Final = 50
RESERVE: Final = 64
"""Bytes kept for the number of a part."""

ROBOT_PACE: Final = Pace(20, 60, kinds=(ROBOT_KIND,))
"""Page 99110: 20 messages a minute for each robot."""

MEMBER_PACES: Final = (
    Pace(30, 60, each_recipient=True, kinds=APP_KINDS),
    Pace(1000, 3600, each_recipient=True, kinds=APP_KINDS),
)
"""Page 90236: more are dropped without a word."""


class WecomSender(WecomApplication):
    """Sends messages and takes them back; satisfies Sender, KindLimits and Recaller."""

    most_recipients: int = MOST[ROBOT_KIND]

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """The robot where it has a key, people where the application has its Secret."""
        robot = (ROBOT_KIND,) if plain_text(self.settings.robot_key) else ()
        return robot + (APP_KINDS if self.settings.missing_login_secret() is None else ())

    @property
    def recognises_repeats(self) -> bool:
        """Whether every kind of recipient does; robots never do."""
        return self.settings.duplicate_check and ROBOT_KIND not in self.recipient_kinds

    @property
    def paces(self) -> tuple[Pace, ...]:
        """What WeCom allows; each with its page above."""
        return (ROBOT_PACE, *MEMBER_PACES)

    def most_of_kind(self, kind: str) -> int:
        """Return how many members, departments or tags one call may name."""
        return MOST[kind]

    def needs_app_token(self, kind: str) -> bool:
        """Say whether the application's token is needed; a robot's key is all it has."""
        return kind != ROBOT_KIND

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into what is sent; a written one becomes text or one of the two kinds of Markdown."""
        if message.is_native:
            check_native(message, ROBOT_TYPES if kind == ROBOT_KIND else APP_TYPES, "WeCom")
            return [_part(message.type, message.content, native_preview(message))]
        return _robot_parts(message) if kind == ROBOT_KIND else _app_parts(message)

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part once, with the robot or to people of one kind."""
        if to[0].kind == ROBOT_KIND:
            key = plain_text(self.settings.robot_key)
            taken(
                lent.http.request(
                    "POST", self.api("webhook/send"), params={"key": key}, json=dict(part.body)
                ),
                ROBOT,
            )
            return SendResult()
        if not lent.app_token:
            raise SendRefused(
                SETTINGS, "Messages to people need the application's token; set secret and agent_id."
            )
        values, unusable = apart(to, "|", "WeCom")
        answer = lent.http.request(
            "POST",
            self.api("message/send"),
            params={"access_token": lent.app_token},
            json=self._addressed(part, to[0].kind, values, lent.repeat_key),
        )
        content = taken(answer, APPLICATION)
        number = content.get("msgid")
        return SendResult(
            message_id=number if isinstance(number, str) and number else None,
            not_reached=unusable | _unreached(content, to),
            accepted_only=True,
        )

    def recalls(self, kind: str) -> bool:
        """Say whether messages can be taken back: the application's can, a robot's have no id."""
        return kind != ROBOT_KIND

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Take a message back within 24 hours, in WeCom's own clients alone (page 撤回应用消息, read 2026-11-29)."""
        address, token = self.api("message/recall"), {"access_token": lent.app_token or ""}
        taken(lent.http.request("POST", address, params=token, json={"msgid": sent.message_id}), APPLICATION)

    def _addressed(self, part: Part, kind: str, values: Sequence[str], repeat_key: str) -> dict[str, Any]:
        own = self.settings
        body = {
            ADDRESSED[kind]: EVERYBODY if EVERYBODY in values else "|".join(values),
            "agentid": int(own.agent_id) if own.agent_id.isdigit() else own.agent_id,
            **part.body,
        }
        if own.duplicate_check:
            # WeCom compares requests; the key makes two messages of the same words two requests (unconfirmed).
            body |= {"enable_duplicate_check": 1, "duplicate_check_interval": 1800, "repeat_key": repeat_key}
        return body


def _robot_parts(message: Message) -> list[Part]:
    mentions = _checked_mentions(message.mentions)
    if message.format == "text" or any(each == EVERYBODY or MOBILE.fullmatch(each) for each in mentions):
        written = _written(message, Dialect.PLAIN_WITH_TAGS, TEXT_BYTES)
        return [
            _part("text", {"content": each.text, **(_mentioned(mentions) if number == 0 else {})}, each.plain)
            for number, each in enumerate(written)
        ]
    if not mentions:
        written = _written(message, Dialect.WECOM_V2, ROBOT_MARKDOWN_BYTES)
        return [_part("markdown_v2", {"content": each.text}, each.plain) for each in written]
    line = "\n" + " ".join(f"<@{each}>" for each in mentions)
    written = _written(message, Dialect.WECOM, ROBOT_MARKDOWN_BYTES, reserve=RESERVE + len(line))
    return [
        _part("markdown", {"content": each.text + (line if number == 0 else "")}, each.plain)
        for number, each in enumerate(written)
    ]


def _app_parts(message: Message) -> list[Part]:
    """Write for people; nobody needs to be mentioned in a message of their own."""
    if message.format == "text":
        return [
            _part("text", {"content": each.text}, each.plain)
            for each in _written(message, Dialect.PLAIN_WITH_TAGS, TEXT_BYTES)
        ]
    written = _written(message, Dialect.WECOM, APP_MARKDOWN_BYTES)
    return [_part("markdown", {"content": each.text}, each.plain) for each in written]


def _written(
    message: Message, dialect: Dialect, most: int, reserve: int = RESERVE
) -> tuple[WrittenPart, ...]:
    limit = Limit("bytes", most, reserve)
    return write_parts(message.title, message.text, message.format, dialect, limit, title_in_text=True)


def _part(kind: str, content: Mapping[str, Any], preview: str) -> Part:
    return Part({"msgtype": kind, kind: content}, preview=preview[:200])


def _checked_mentions(mentions: Sequence[str]) -> tuple[str, ...]:
    if len(mentions) > MOST_MENTIONS or not all(
        each == EVERYBODY or MEMBER_ID.fullmatch(each) for each in mentions
    ):
        raise RequestError(
            "bad_mention",
            f"WeCom takes up to {MOST_MENTIONS} mentions, each a userid, a mobile number of 11 digits, or {EVERYBODY}.",
        )
    return tuple(dict.fromkeys(mentions))


def _mentioned(mentions: Sequence[str]) -> dict[str, list[str]]:
    mobiles = [each for each in mentions if MOBILE.fullmatch(each)]
    people = [each for each in mentions if each not in mobiles]
    found = {"mentioned_list": people, "mentioned_mobile_list": mobiles}
    return {name: values for name, values in found.items() if values}


def _unreached(content: Mapping[str, Any], to: Sequence[Recipient]) -> dict[str, str]:
    """Return whom the answer names as not reached; WeCom writes ids in small letters there."""
    found: dict[str, str] = {}
    for name, sentence in UNREACHED[to[0].kind]:
        text = content.get(name)
        named = set(text.lower().split("|")) if isinstance(text, str) else set()
        found |= {each.value: sentence for each in to if each.value.lower() in named}
    return found
