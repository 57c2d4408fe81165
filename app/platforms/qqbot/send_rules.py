"""What QQ's numbers mean for a bot's reply.

Source: tencent-connect/bot-docs, pages 错误码 and 发送消息 (read 2026-11-28). `unconfirmed`, from public code: 40054005 for a repeat,
304103, 40034005 and 40034128 for a reply that came too late.
"""

from __future__ import annotations

from typing import Final

from app.wire.send_answers import BUSY, CONTENT, RECIPIENT, SETTINGS, STALE, WAIT, Rule, SendRules

IN_REVIEW: Final = frozenset({304023, 304024})
"""The message waits for somebody at QQ to look at it."""

REPEATED: Final = frozenset({40054005})
"""The same msg_id and msg_seq were taken before: this reply is there already."""

TOO_LATE: Final = (
    "The message that it answers to is too old: QQ takes replies for 60 minutes from a person's message, for 5 minutes from a group's, "
    "five to each."
)
NO_PUSH: Final = "QQ bots only reply since 2025-04-21; the message must name the id of what it answers to."
NO_TEMPLATE: Final = "The bot may not send this; native Markdown and buttons are by invitation (q.qq.com)."
NO_RIGHT: Final = "The bot may not call this interface; apply for it at q.qq.com."
BAD_MARKDOWN: Final = "QQ does not take this Markdown; compare it with the page on Markdown messages."
NO_MEDIA: Final = "QQ could not fetch the file; the message is sent again in a moment."
REFUSED_WORDS: Final = "QQ's content check refused the message."
NO_CHAT: Final = "QQ knows no such person or group for this bot; an openid belongs to one bot only."

RULES: Final = SendRules(
    "QQ",
    (
        *(Rule(code, STALE, "QQ no longer accepts this access token.") for code in (11241, 11242, 11243)),
        Rule(22009, WAIT, "The bot has sent more than QQ takes for now."),
        *(Rule(code, WAIT, "QQ takes no more messages here for now.") for code in (20028, 1100100, 1100308)),
        *(
            Rule(code, BUSY, "QQ could not check the bot's rights; the message is sent again.", seconds=2)
            for code in (11252, 11263, 11281)
        ),
        *(Rule(code, BUSY, NO_MEDIA, seconds=2) for code in (304082, 304083)),
        *(Rule(code, RECIPIENT, TOO_LATE) for code in (304027, 304103, 40034005, 40034128)),
        Rule(
            304026,
            RECIPIENT,
            "QQ does not know the message that it answers to, or it was another person's or group's.",
        ),
        Rule(304028, RECIPIENT, "The message that it answers to was not for the bot."),
        *(
            Rule(code, RECIPIENT, NO_PUSH)
            for code in (304022, 304045, 304046, 304047, 304048, 304049, 304050)
        ),
        *(Rule(code, RECIPIENT, NO_CHAT) for code in (10001, 10003, 10004)),
        *(
            Rule(code, RECIPIENT, "The chat is closed, or the bot is not in it.")
            for code in (304031, 304032, 304034, 1100104, 1100301)
        ),
        Rule(
            304003,
            SETTINGS,
            "The message holds an address that is not registered; enter it under 开发设置 → 消息URL配置 at q.qq.com, or leave it out.",
        ),
        *(
            Rule(code, SETTINGS, "QQ does not know the bot; compare app_id with its AppID.")
            for code in (11251, 11261, 11275)
        ),
        *(Rule(code, SETTINGS, NO_RIGHT) for code in (11253, 11262, 11264)),
        *(Rule(code, SETTINGS, NO_TEMPLATE) for code in (50056, 304004, 304014, 304036, 304037)),
        Rule(11254, SETTINGS, "QQ has blocked this interface for the bot; look for a notice at q.qq.com."),
        Rule(11265, SETTINGS, "QQ has banned the bot; look for a notice at q.qq.com."),
        Rule(50006, CONTENT, "The message has nothing in it."),
        *(Rule(code, CONTENT, BAD_MARKDOWN) for code in (50037, 50041, 50042, 50054, 50055, 50057)),
        Rule(50035, CONTENT, "QQ cannot read the message; compare it with the page on sending."),
        Rule(12002, CONTENT, "QQ cannot read the message; compare it with the page on sending."),
        Rule(304005, CONTENT, "The embed is longer than QQ takes."),
        Rule(304020, CONTENT, "The file is larger than QQ takes."),
        *(Rule(code, CONTENT, REFUSED_WORDS) for code in (304025, 1100101, 1100103)),
    ),
    number="code",
    text="message",
)
