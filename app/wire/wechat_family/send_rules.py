"""What WeChat's numbers mean for a message of an Official Account or a Mini Program, and what an operator does about them.

Sources: WeChat "全局返回码" page, pages 客服接口-发消息, 模板消息 and 订阅通知 (read 2026-11-28), lists of numbers in public SDKs
(read 2026-11-28). The number decides, never `errmsg`.
"""

from __future__ import annotations

from typing import Final

from app.wire.send_answers import BUSY, CONTENT, RECIPIENT, SETTINGS, STALE, WAIT, Rule, SendRules
from app.wire.wechat_family.error_codes import CONFIGURATION, DEAD_TOKEN

HOUR: Final = 3600

OUTSIDE: Final = (
    "WeChat lets this account write to a person only for 48 hours after their last message, and for a minute after they followed, "
    "scanned or pressed a menu; wait until they write again, or send a template or a subscribed message."
)
NO_MORE: Final = "This person has had as many messages as WeChat allows since they last wrote; it may go on when they write again."
NO_FOLLOWER: Final = "This person does not follow the account (any more)."
NO_CONSENT: Final = (
    "This person has not agreed to messages of this template, or their agreement is used up: one agreement is one message. Ask again "
    "in the Mini Program or on the page."
)
BAD_VALUE: Final = (
    "A value does not fit its place in the template: thing takes 20 characters, phrase 5 Chinese ones, character_string 32 letters, "
    "digits and signs; no value may be empty."
)

ACCOUNT: Final = SendRules(
    "WeChat",
    (
        *(Rule(code, STALE, sentence) for code, sentence in DEAD_TOKEN.items()),
        Rule(-1, BUSY, "WeChat is busy; the message is sent again in a moment.", seconds=2),
        Rule(45011, WAIT, "Too many calls in this minute; it goes on in the next one."),
        Rule(
            45009,
            WAIT,
            "The day's quota of these messages is used up; it returns at midnight in China.",
            seconds=HOUR,
        ),
        Rule(40003, RECIPIENT, "WeChat does not know this OpenID; it may belong to another account."),
        Rule(43004, RECIPIENT, NO_FOLLOWER),
        Rule(50005, RECIPIENT, NO_FOLLOWER),
        Rule(43019, RECIPIENT, "This person is on the account's blacklist; take them off in the console."),
        Rule(43101, RECIPIENT, NO_CONSENT),
        Rule(45015, RECIPIENT, OUTSIDE),
        Rule(45047, RECIPIENT, NO_MORE),
        Rule(48002, RECIPIENT, "This person has switched the account's messages off."),
        Rule(
            40037,
            CONTENT,
            "WeChat does not know this template; copy its id from the account's list of templates.",
        ),
        Rule(
            41030,
            CONTENT,
            "The page is not in the Mini Program's published version; correct page, or publish it first.",
        ),
        Rule(47003, CONTENT, BAD_VALUE),
        Rule(
            47001,
            CONTENT,
            "WeChat cannot read the content; compare it with the platform's page of this type of message.",
        ),
        Rule(
            45002,
            CONTENT,
            "The message is longer than WeChat takes; shorten it, or send title and text, which are split.",
        ),
        Rule(44004, CONTENT, "The message has nothing in it."),
        Rule(
            40007,
            CONTENT,
            "WeChat does not know this media_id; upload the file again, an id lives three days.",
        ),
        Rule(40008, CONTENT, "WeChat does not know this type of message here."),
        Rule(45008, CONTENT, "There are more articles than WeChat takes in one message."),
        Rule(
            48004,
            SETTINGS,
            "WeChat has blocked this interface for the account; look for a notice in the console.",
        ),
        Rule(50002, SETTINGS, "WeChat has limited this account; look for a notice in the console."),
        *(
            Rule(code, SETTINGS, sentence, names_us=code == 40164)  # noqa: PLR2004 - the one that names our address
            for code, sentence in CONFIGURATION.items()
            if code not in DEAD_TOKEN
        ),
    ),
)
