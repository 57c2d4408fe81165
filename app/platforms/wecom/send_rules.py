"""What WeCom's numbers mean for a message, and which page of the console an operator opens for it.

Sources: WeCom pages 99110 and 90236 (read 2026-11-28), answers quoted in public repositories (read 2026-11-28), WxJava's list
of numbers. `unconfirmed`: 93008, 93017, 40056, 82001; that 93000 was once said of a long text. The number alone does not decide
for 93000.
"""

from __future__ import annotations

from app.wire.send_answers import BUSY, CONTENT, RECIPIENT, SETTINGS, STALE, WAIT, Rule, SendRules

TOO_LONG = "The message is longer than WeCom takes; shorten it, or send title and text, which are split."
EMPTY = "The message has nothing in it for WeCom; its content is empty."
WRONG_FORM = "WeCom does not take the content in this form; compare it with the platform's page of this type of message."
NO_MEDIA = "WeCom does not know this media_id; upload the file again, an id lives three days and belongs to one company."
ROBOT_GONE = (
    "WeCom knows no robot with this key; open the group's settings (群设置 → 消息推送), copy the address again into robot_key, or add a "
    "new robot if it was removed."
)
ROBOT_OFF = (
    "WeCom says that the robot is not in a group any more or was switched off; add it to the group again."
)
NOT_VISIBLE = (
    "The application may not write to this person, department or tag; add them to its visible range (可见范围) on the application's page "
    "of the WeCom console."
)
NO_SUCH_MEMBER = "WeCom knows no such member; compare the userid with the contacts (通讯录)."
NOBODY = (
    "WeCom knows none of these recipients, or none of them may use the application; compare the ids, and look at its visible range "
    "(可见范围)."
)
OLD_TOKEN = "WeCom no longer accepts this access token."  # noqa: S105 - a sentence
TOO_MANY = "WeCom takes no more messages for now: too many were sent in a minute."

MESSAGES = (
    Rule(-1, BUSY, "WeCom is busy; the message is sent again in a moment.", seconds=2),
    Rule(45009, WAIT, TOO_MANY),
    Rule(
        45033,
        BUSY,
        "WeCom takes no more calls at the same time; the message is sent again in a moment.",
        seconds=2,
    ),
    Rule(44004, CONTENT, EMPTY),
    Rule(45002, CONTENT, TOO_LONG),
    Rule(45008, CONTENT, "WeCom takes 1 to 8 articles in one message."),
    Rule(40058, CONTENT, WRONG_FORM),
    Rule(40008, CONTENT, "WeCom does not know this type of message here."),
    Rule(40007, CONTENT, NO_MEDIA),
    Rule(40006, CONTENT, "The file is larger than WeCom takes."),
    Rule(40009, CONTENT, "The picture is larger than WeCom takes (2 MB)."),
)
"""What robots and applications have in common."""

ROBOT = SendRules(
    "WeCom",
    (
        Rule(93000, CONTENT, TOO_LONG, fragment="exceed max length"),
        Rule(93000, SETTINGS, ROBOT_GONE),
        Rule(93008, SETTINGS, ROBOT_OFF),
        Rule(93017, SETTINGS, ROBOT_OFF),
        *MESSAGES,
    ),
)
APPLICATION = SendRules(
    "WeCom",
    (
        Rule(40001, STALE, OLD_TOKEN),
        Rule(40014, STALE, OLD_TOKEN),
        Rule(42001, STALE, OLD_TOKEN),
        Rule(81013, RECIPIENT, NOBODY),
        Rule(82001, RECIPIENT, NOBODY),
        Rule(40003, RECIPIENT, NO_SUCH_MEMBER),
        Rule(60111, RECIPIENT, NO_SUCH_MEMBER),
        Rule(60123, RECIPIENT, "WeCom knows no such department."),
        Rule(43004, RECIPIENT, "This member does not follow the company's WeChat plug-in (微信插件)."),
        Rule(60011, SETTINGS, NOT_VISIBLE),
        Rule(301002, SETTINGS, NOT_VISIBLE),
        Rule(50002, SETTINGS, NOT_VISIBLE),
        Rule(
            40056,
            SETTINGS,
            "WeCom does not know the application; compare agent_id with the AgentId of the application's page.",
        ),
        Rule(
            60020,
            SETTINGS,
            "WeCom takes no calls from this server's address; add it under 企业可信IP on the application's page.",
            names_us=True,
        ),
        Rule(
            48002,
            SETTINGS,
            "The application may not send messages; look at its permissions on its page of the console.",
        ),
        *MESSAGES,
    ),
)
