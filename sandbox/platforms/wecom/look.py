"""Draws what WeCom shows of a message: `markdown` with its three colours and mentions, `markdown_v2` with lists, tables and code.

Protocol: developer.work.weixin.qq.com, page 99110 (read 2026-11-28).
"""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from sandbox.drawn_markdown import MarkdownLook, draw_markdown

MENTION = r"<@(?P<member>@?[A-Za-z0-9_.\-]{1,64})>"
COLOUR = r'<font color="(?P<colour>info|comment|warning)">(?P<coloured>[^<\n]*)</font>'
MEMBER_OF_TEXT = re.compile(MENTION)


def _mention(found: re.Match[str]) -> Markup:
    return Markup('<span class="mention">@{}</span>').format(found["member"].removeprefix("@"))


def _coloured(found: re.Match[str]) -> Markup:
    return Markup('<span class="tint-{}">{}</span>').format(found["colour"], found["coloured"])


FIRST = MarkdownLook(
    frozenset({"heading", "quote", "code", "link", "bold"}), {MENTION: _mention, COLOUR: _coloured}
)
SECOND = MarkdownLook(
    frozenset(
        {"heading", "quote", "list", "fence", "table", "rule", "code", "link", "image", "bold", "italic"}
    )
)
LOOKS = {"markdown": FIRST, "markdown_v2": SECOND}


def drawn(kind: str, text: str) -> Markup | None:
    """Draws a text with markup; None for one that has none."""
    return draw_markdown(text, LOOKS[kind]) if kind in LOOKS else None


def mentioned(kind: str, content: dict[str, Any]) -> tuple[str, ...]:
    """Names whom a message mentions, as the platform writes them."""
    if kind == "text":
        lists = (content.get("mentioned_list") or [], content.get("mentioned_mobile_list") or [])
        return tuple(str(each) for names in lists for each in names)
    return (
        tuple(found["member"] for found in MEMBER_OF_TEXT.finditer(str(content.get("content", ""))))
        if kind == "markdown"
        else ()
    )


def card_of(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Puts a card or articles into heading, text, fields and buttons."""
    if kind == "news":
        articles = content["articles"]
        first = articles[0]
        buttons = tuple((str(each["title"]), str(each.get("url", ""))) for each in articles)
        return {"heading": str(first["title"]), "text": str(first.get("description", "")), "buttons": buttons}
    if kind == "textcard":
        label = str(content.get("btntxt") or "详情")
        return {
            "heading": str(content["title"]),
            "text": str(content["description"]),
            "buttons": ((label, str(content["url"])),),
        }
    if kind == "template_card":
        return _template_card(content)
    return {"text": str(content.get("content") or content.get("title") or f"[{kind}]")}


def _template_card(content: dict[str, Any]) -> dict[str, Any]:
    title = content.get("main_title") or {}
    rows = content.get("horizontal_content_list") or []
    jumps = content.get("jump_list") or []
    action = content.get("card_action") or {}
    buttons = [(str(each.get("title", "")), str(each.get("url", ""))) for each in jumps]
    return {
        "heading": str(title.get("title", "")),
        "text": str(title.get("desc") or content.get("sub_title_text") or ""),
        "fields": tuple((str(row.get("keyname", "")), str(row.get("value", ""))) for row in rows),
        "buttons": tuple(buttons) or ((("详情", str(action["url"])),) if action.get("url") else ()),
    }
