"""What Feishu's numbers mean for a message: those of the message interface, and those of a group's custom bot.

Sources: Feishu Open Platform, pages 发送消息 and 自定义机器人使用指南 (read 2026-11-28). `unconfirmed`: 19001, 19002, 19036 and 11246,
which are as others met them. What every call may get is judged as there (error_codes.py).
"""

from __future__ import annotations

from typing import Final

from app.platforms.feishu.error_codes import MEANINGS, Kind
from app.wire.send_answers import BUSY, CONTENT, RECIPIENT, SETTINGS, STALE, WAIT, Rule, SendRules

BAD_CARD: Final = "Feishu cannot make a card of it; try the card in the card builder (飞书卡片搭建工具)."
WRONG_TYPE: Final = "Feishu does not take this type of message for this receiver."
SHORT_WAIT: Final = 5
"""Seconds; Feishu's limits are mostly for a second or a minute."""

OUTCOMES: Final = {
    Kind.BUSY: BUSY,
    Kind.LOGIN_ENDED: STALE,
    Kind.TOKEN_ENDED: STALE,
    Kind.PERSON_REFUSED: RECIPIENT,
    Kind.CONFIGURATION: SETTINGS,
    Kind.BAD_REQUEST: SETTINGS,
}
EVERY_CALL: Final = tuple(
    Rule(int(code), OUTCOMES[meaning.kind], meaning.sentence, seconds=SHORT_WAIT)
    for code, meaning in MEANINGS.items()
    if code.isdigit()
)

APP: Final = SendRules(
    "Feishu",
    (
        Rule(
            230020, WAIT, "Feishu takes no more messages for this person or group in this second.", seconds=1
        ),
        Rule(11232, WAIT, "Feishu takes no more messages for now."),
        Rule(99991400, WAIT, "Feishu takes no more calls of this app for now.", seconds=SHORT_WAIT),
        Rule(230049, BUSY, "Feishu is still sending this very message.", seconds=2),
        Rule(
            230006,
            SETTINGS,
            "The app has no bot ability; add it under 应用能力 (Features) in the developer console and publish a version.",
        ),
        Rule(
            230027,
            SETTINGS,
            "The app lacks a permission; add im:message:send_as_bot under 权限管理 (Permissions & Scopes) in the developer "
            "console and publish a version.",
        ),
        Rule(230002, RECIPIENT, "The bot is not in this group; add it in the group's settings (群机器人)."),
        Rule(
            230013,
            RECIPIENT,
            "This person may not use the app; add them under 可用范围 (Availability) in the developer console and publish a version.",
        ),
        Rule(230018, RECIPIENT, "The group's settings forbid the bot to write; its owner can change that."),
        Rule(230029, RECIPIENT, "This person has left the company."),
        Rule(
            230034,
            RECIPIENT,
            "Feishu does not know this receiver; compare the id and its kind. An open_id belongs to one app only.",
        ),
        Rule(230035, RECIPIENT, "The bot may not write to this receiver."),
        Rule(230036, RECIPIENT, "The receiver's company does not exist any more."),
        Rule(
            230038,
            RECIPIENT,
            "The receiver belongs to another company; a bot writes to people of its own only.",
        ),
        Rule(230053, RECIPIENT, "This person has blocked the bot."),
        Rule(232009, RECIPIENT, "The group was dissolved."),
        Rule(
            230001,
            CONTENT,
            "Feishu does not take this content; compare it with the page 发送消息内容 for this type of message.",
        ),
        Rule(230015, CONTENT, "A chat between two cannot be shared."),
        Rule(230017, CONTENT, "The image or file was uploaded by another app; upload it with this one."),
        Rule(230019, CONTENT, "The topic that it answers to does not exist."),
        Rule(230022, CONTENT, "Feishu found words in it that it does not let pass."),
        Rule(
            230025,
            CONTENT,
            "The message is too long: Feishu takes 150 KB of text, 30 KB of a post or a card.",
        ),
        Rule(230028, CONTENT, "The content check refused it."),
        Rule(230054, CONTENT, WRONG_TYPE),
        Rule(230055, CONTENT, WRONG_TYPE),
        Rule(230075, CONTENT, WRONG_TYPE),
        Rule(230099, CONTENT, BAD_CARD),
        *EVERY_CALL,
    ),
    number="code",
    text="msg",
)
"""An app's messages."""

ROBOT: Final = SendRules(
    "Feishu",
    (
        Rule(
            11232,
            WAIT,
            "The robot has sent 5 messages in a second or 100 in a minute, and Feishu takes no more for now.",
        ),
        Rule(
            19001,
            SETTINGS,
            "Feishu knows no robot at this address; copy its webhook address again into robot_hook. It may have been removed from "
            "the group.",
        ),
        Rule(
            19021,
            SETTINGS,
            "Feishu does not accept the robot's signature; copy the secret of 签名校验 into robot_secret, and set this machine's "
            "clock: an hour is the most it may be off.",
        ),
        Rule(
            19022,
            SETTINGS,
            "This server's address is not on the robot's list (IP 白名单); add it in the robot's settings.",
        ),
        Rule(
            19024,
            SETTINGS,
            "The robot only takes messages with one of its keywords (自定义关键词); write one into the message, or change the "
            "robot's settings.",
        ),
        Rule(
            9499,
            CONTENT,
            "Feishu does not take this content; compare it with the guide 自定义机器人使用指南.",
        ),
        Rule(11246, CONTENT, BAD_CARD),
        Rule(19002, CONTENT, "Robots do not know this msg_type."),
        Rule(19036, CONTENT, "The message is larger than the 20 KB that a robot takes."),
        *EVERY_CALL,
    ),
    number="code",
    text="msg",
)
"""A robot's messages; what is no failure of its own comes with HTTP status 200 too."""
