"""The dialects: what a channel can show. Which marks each has is in marks.py, what it escapes in escapes.py."""

from __future__ import annotations

from enum import StrEnum


class Dialect(StrEnum):
    """How a channel writes bold, links, lists and the rest."""

    PLAIN = "plain"
    PLAIN_WITH_TAGS = "plain_with_tags"
    """Plain text in which a channel still reads `<…>`: WeCom's and QQ's mentions, WeChat's links."""

    COMMONMARK = "commonmark"
    HTML = "html"
    WECOM = "wecom"
    WECOM_V2 = "wecom_v2"
    DINGTALK = "dingtalk"
    FEISHU_LARK_MD = "feishu_lark_md"
    FEISHU_CARD = "feishu_card"
    TELEGRAM_HTML = "telegram_html"
    SLACK = "slack"
    DISCORD = "discord"
