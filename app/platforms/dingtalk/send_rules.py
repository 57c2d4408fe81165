"""What DingTalk's numbers mean for a message, and what an operator changes where.

Sources: DingTalk's pages on custom robots and work notices, answers quoted in public repositories (read 2026-11-28). Several numbers have
more than one meaning, so the text is looked at: in English, and in Chinese (`unconfirmed`, as are 410100, 400101 to 400106, 33012). A robot that
was asked too often may answer with a page of its own, without a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.core.sending import QuotaReached
from app.platforms.dingtalk.error_codes import NOT_ALLOWED_ADDRESS, TOKEN_ENDED
from app.wire.send_answers import BUSY, CONTENT, SETTINGS, STALE, WAIT, Rule, SendRules

ROBOT_GONE: Final = (
    "DingTalk knows no robot with this token, or it was removed or stopped; open the group's settings (智能群助手), copy the robot's address "
    "again into robot_token, or add a new robot."
)
KEYWORD: Final = (
    "The message holds none of the robot's keywords (自定义关键词); put one into the title or text, or choose another security setting (安全设置) "
    "of the robot, such as 加签 with robot_secret."
)
SIGNATURE: Final = "DingTalk does not accept the signature; copy the secret (SEC…) under 加签 of the robot's security settings (安全设置) into robot_secret."
CLOCK: Final = "DingTalk says that the signature is too old; set the clock of this server."
ADDRESS: Final = "The robot takes no messages from this server's address; add it under IP地址 of the robot's security settings (安全设置)."
WRONG_FORM: Final = "DingTalk does not take the message in this form; compare it with the platform's page of this type of message."
TOO_MANY: Final = "DingTalk takes no more messages for now: too many were sent in a minute."
ANTI_FLOOD: Final = 1111
ANTI_FLOOD_SECONDS: Final = 30
LONGEST_WAIT: Final = 3600
TOMORROW: Final = 6 * 3600
"""Asked again some hours later: nobody says when the day ends."""

WRAPPED: Final = 88
MOST_DIGITS: Final = 12

ROBOT = SendRules(
    "DingTalk",
    (
        *(Rule(310000, SETTINGS, KEYWORD, fragment=words) for words in ("keyword", "关键词")),
        *(Rule(310000, SETTINGS, SIGNATURE, fragment=words) for words in ("sign not match", "签名不匹配")),
        *(Rule(310000, SETTINGS, CLOCK, fragment=words) for words in ("timestamp", "签名过期")),
        *(
            Rule(310000, SETTINGS, ADDRESS, fragment=words, names_us=True)
            for words in ("whitelist", "白名单")
        ),
        Rule(
            310000,
            SETTINGS,
            "The robot's security settings (安全设置) do not let the message through; compare all of them with the channel.",
        ),
        Rule(130101, WAIT, TOO_MANY),
        Rule(410100, WAIT, TOO_MANY),
        Rule(90030, WAIT, "DingTalk's daily allowance of this robot is used up.", seconds=TOMORROW),
        Rule(300001, SETTINGS, ROBOT_GONE, fragment="token"),
        Rule(300001, CONTENT, WRONG_FORM),
        *(Rule(number, SETTINGS, ROBOT_GONE) for number in (300005, 400101, 400102, 400106)),
        Rule(
            400013,
            SETTINGS,
            "DingTalk says that the robot's group was dissolved; add a robot to another one.",
        ),
        *(Rule(number, CONTENT, WRONG_FORM) for number in (400105, 40035, 43004, 43002)),
        Rule(
            460101,
            CONTENT,
            "The message is longer than DingTalk takes (20,000 bytes); shorten it, or send title and text, which are split.",
        ),
        Rule(
            -1, BUSY, "DingTalk is busy; the message is sent again in a moment.", seconds=ANTI_FLOOD_SECONDS
        ),
    ),
)
NOTICE = SendRules(
    "DingTalk",
    (
        Rule(-1, BUSY, "DingTalk is busy; the message is sent again in a moment.", seconds=2),
        Rule(40014, STALE, TOKEN_ENDED),
        Rule(42001, STALE, TOKEN_ENDED),
        Rule(60020, SETTINGS, NOT_ALLOWED_ADDRESS, names_us=True),
        Rule(
            33012,
            SETTINGS,
            "DingTalk does not know the application; compare agent_id with AgentId of its page at open-dev.dingtalk.com.",
        ),
        Rule(
            60011,
            SETTINGS,
            "The application may not send work notices; add the permission under Permissions (权限管理) at open-dev.dingtalk.com and publish a version.",
        ),
        Rule(40035, CONTENT, WRONG_FORM),
    ),
)


def unwrapped(answer: HttpAnswer) -> HttpAnswer:
    """Return the answer with its own number where another one wraps it; raises QuotaReached for the page against floods."""
    try:
        content = answer.json_object()
    except UpstreamError:
        return answer
    if content.get("status") == ANTI_FLOOD and "errcode" not in content:
        raise QuotaReached(TOO_MANY, retry_after=_seconds(content.get("wait")), platform_code=str(ANTI_FLOOD))
    if content.get("errcode") != WRAPPED:
        return answer
    inner = {"errcode": _number(content.get("sub_code")), "errmsg": content.get("sub_msg")}
    return replace(answer, json_object=lambda: _with(content, inner))


def _with(content: Mapping[str, Any], inner: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**content, **inner}


def _number(value: object) -> object:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
    return (
        int(value) if is_number and isinstance(value, str) else value if isinstance(value, int) else WRAPPED
    )


def _seconds(value: object) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return min(value, LONGEST_WAIT) if is_number and isinstance(value, int) else ANTI_FLOOD_SECONDS
