"""The application's own robot: to members one by one, to groups it is in. It is another API than work notices and custom robots.

Sources: DingTalk's pages 批量发送单聊消息 and 发送群聊消息 (`/v1.0/robot/…`, read 2026-11-28). What is odd: the content is JSON as a text; refusals are
4xx with a word; members it could not reach stand in the answer of a success. That the robot's code is the AppKey is `unconfirmed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import OutcomeUnknown, QuotaReached, Recipient, SendRefused, SendResult
from app.platforms.dingtalk.answers import ERROR_WORD, OK, SERVER_FAULT, TOO_MANY_REQUESTS
from app.platforms.dingtalk.error_codes import NOT_ALLOWED_ADDRESS, TOKEN_ENDED
from app.platforms.dingtalk.send_rules import TOO_MANY, WRONG_FORM
from app.security.outbound import retry_after
from app.wire.send_answers import CONTENT, GATEWAY_TIMEOUT, GOOD, MINUTE, RECIPIENT, SETTINGS

UNAUTHORIZED, FORBIDDEN = 401, 403
LONGEST_ID: Final = 200
ROBOT_CODE: Final = (
    "DingTalk does not know the application's robot; switch it on under 机器人 of the application at open-dev.dingtalk.com and compare "
    "robot_code with its code there."
)
NOT_PERMITTED: Final = (
    "The application may not send with its robot; add 企业内机器人发送消息权限 (qyapi_robot_sendmsg) under Permissions (权限管理) at open-dev.dingtalk.com "
    "and publish a version."
)
WORDS: Final = (
    ("robotcode", SETTINGS, ROBOT_CODE),
    ("ipnotinwhitelist", SETTINGS, NOT_ALLOWED_ADDRESS),
    ("accessdenied", SETTINGS, NOT_PERMITTED),
    (
        "userids",
        RECIPIENT,
        "DingTalk knows none of these members; compare the userids with the contacts (通讯录).",
    ),
    (
        "openconversationid",
        RECIPIENT,
        "DingTalk knows no such group, or the application's robot is not in it; add it to the group.",
    ),
    ("msg", CONTENT, WRONG_FORM),
    ("param", CONTENT, WRONG_FORM),
)
"""Pieces of the platform's words, in small letters; the first that fits counts."""

NOT_REACHED: Final = {
    "invalidStaffIdList": "DingTalk knows no such member.",
    "flowControlledStaffIdList": "DingTalk lets no more messages through to this member for now.",
}


def robot_result(answer: HttpAnswer, to: Sequence[Recipient]) -> SendResult:
    """Return what DingTalk said to a message it took; raises as app.core.sending.Sender.send says."""
    try:
        content = answer.json_object()
    except UpstreamError:
        content = {}
    key = content.get("processQueryKey")
    if answer.status != OK or not isinstance(key, str) or not 0 < len(key) <= LONGEST_ID:
        raise app_robot_refusal(answer, content)
    known = {each.value for each in to}
    missed = {
        value: sentence
        for name, sentence in NOT_REACHED.items()
        for value in _texts(content.get(name))
        if value in known
    }
    return SendResult(message_id=key, not_reached=missed, accepted_only=True)


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def app_robot_refusal(answer: HttpAnswer, content: Mapping[str, Any]) -> UpstreamError:
    """Return the error for what the application's robot could not do."""
    status, given = answer.status, content.get("code")
    word = given if isinstance(given, str) and ERROR_WORD.fullmatch(given) else f"http_{status}"
    small = word.lower()
    if status == TOO_MANY_REQUESTS or "throttl" in small or "qps" in small:
        return QuotaReached(TOO_MANY, retry_after=retry_after(answer) or MINUTE, platform_code=word)
    if status >= SERVER_FAULT:
        return UpstreamUnavailable(
            "DingTalk cannot take messages at the moment.",
            platform_code=word,
            retry_after=retry_after(answer),
            was_sent=status == GATEWAY_TIMEOUT,
        )
    if status == UNAUTHORIZED or small == "invalidauthentication":
        return TokenRejected(TOKEN_ENDED, platform_code=word)
    if status in GOOD:
        return OutcomeUnknown(
            "DingTalk's answer names no message, so nobody knows whether it was sent.", platform_code=word
        )
    for piece, at_fault, sentence in WORDS:
        if piece in small:
            return SendRefused(at_fault, sentence, platform_code=word)
    if status == FORBIDDEN:
        return SendRefused(SETTINGS, NOT_PERMITTED, platform_code=word)
    return SendRefused(
        CONTENT,
        f"DingTalk refused the message with {word}, which is not classified here; look it up in its list.",
        platform_code=word,
    )
