"""Draws what DingTalk shows of a message: its small Markdown, where a line ends with two blanks or an empty line only; cards and links.

Protocol: DingTalk's page on custom robots (read 2026-11-28).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from sandbox.drawn_markdown import MarkdownLook, draw_markdown

LOOK = MarkdownLook(
    frozenset({"heading", "quote", "list", "rule", "link", "image", "bold", "italic"}), lines_end=False
)
OF_APP_ROBOT = {"sampleText": "text", "sampleMarkdown": "markdown", "sampleLink": "link"}
CARDS = ("actionCard", "action_card")


def shown(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Puts a message into heading, text, its drawing, fields and buttons."""
    if kind == "text":
        return {"text": str(content.get("content", ""))}
    if kind == "oa":
        return _form(content)
    if kind == "feedCard":
        links = tuple((str(each["title"]), str(each["messageURL"])) for each in content["links"])
        return {"text": "", "buttons": links}
    text = str(content.get("text") or content.get("markdown") or f"[{kind}]")
    found: dict[str, Any] = {"text": text, "heading": str(content.get("title", ""))}
    if kind == "markdown" or kind in CARDS or kind.startswith("sampleActionCard"):
        found["drawn"] = draw_markdown(text, LOOK)
    return {**found, "buttons": _buttons(content)}


def of_app_robot(body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Reads a message of the application's robot: its type and the JSON in its text; raises ValueError."""
    key, content = str(body.get("msgKey", "")), json.loads(str(body.get("msgParam", "")))
    if not isinstance(content, dict) or not key.startswith("sample"):
        raise ValueError("no message")
    return OF_APP_ROBOT.get(key, key), content


def _buttons(content: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if content.get("singleTitle"):
        return ((str(content["singleTitle"]), str(content.get("singleURL", ""))),)
    if content.get("single_title"):
        return ((str(content["single_title"]), str(content.get("single_url", ""))),)
    if content.get("messageUrl"):
        return (("查看详情", str(content["messageUrl"])),)
    buttons = content.get("btns") or content.get("btn_json_list") or []
    return tuple(
        (str(each.get("title", "")), str(each.get("actionURL") or each.get("action_url") or ""))
        for each in buttons
    )


def _form(content: Mapping[str, Any]) -> dict[str, Any]:
    body = content.get("body") or {}
    rows = body.get("form") or []
    return {
        "heading": str(body.get("title") or (content.get("head") or {}).get("text", "")),
        "text": str(body.get("content", "")),
        "fields": tuple((str(row.get("key", "")), str(row.get("value", ""))) for row in rows),
        "buttons": (("查看详情", str(content["message_url"])),) if content.get("message_url") else (),
    }


def markup_or_none(drawn: object) -> Markup | None:
    """Returns a drawing, None for a text without markup."""
    return drawn if isinstance(drawn, Markup) else None
