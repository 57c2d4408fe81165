"""What Discord shows of Markdown, and whom a message really tells.

Protocol: support.discord.com "Markdown Text 101", docs.discord.com "Allowed Mentions Object" (read 2026-11-28).
"""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from sandbox.drawn_markdown import MarkdownLook

MENTION = r"<@!?(?P<person>[0-9]{15,22})>|@(?P<everybody>everyone|here)"
MENTIONS = re.compile(MENTION)


def _mention(found: re.Match[str]) -> Markup:
    return Markup('<span class="mention">@{}</span>').format(found["person"] or found["everybody"])


LOOK = MarkdownLook(
    frozenset({"heading", "quote", "list", "fence", "code", "link", "bold", "italic", "strike"}),
    {MENTION: _mention},
)


def mentioned(text: str, allowed: Any) -> tuple[str, ...]:
    """Names whom a message tells: without `allowed_mentions` everybody it names, else those it allows."""
    named = [found["person"] or found["everybody"] for found in MENTIONS.finditer(text)]
    if not isinstance(allowed, dict):
        return tuple(named)
    kinds, people = allowed.get("parse") or [], allowed.get("users") or []
    return tuple(
        each
        for each in named
        if (("users" in kinds or each in people) if each.isdigit() else "everyone" in kinds)
    )
