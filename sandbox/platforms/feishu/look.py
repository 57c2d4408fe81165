"""How the simulated Feishu draws what it took: text with calls, posts, and cards of both forms, as safe HTML.

What is drawn is only what the platform knows; everything else stays as the letters it was written in. Protocol: open.feishu.cn, "Content of messages" and
"Card JSON 2.0" (read 2026-11-28).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from sandbox.drawn_markdown import BLOCKS, PIECES, MarkdownLook, draw_markdown
from sandbox.platforms.feishu import people

CALL = r"<at (?:user_)?id=[\"']?(?P<called>[A-Za-z0-9_-]{1,64})[\"']?>[^<\n]{0,64}</at>"
FONT = r"<font color=[\"']?(?P<colour>[a-z]{1,20})[\"']?>(?P<coloured>[^<\n]*)</font>"
ENTITY = r"&#(?P<sign>[0-9]{2,5});"
CALLED = re.compile(r'<span class="mention">@([^<]{1,64})</span>')
COLOURS = ("red", "green", "grey")


class Drawn(NamedTuple):
    """A message as a person sees it."""

    text: str
    drawn: Markup | None = None
    heading: str = ""
    mentions: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()


def draw(msg_type: str, content: Mapping[str, Any], app_id: str) -> Drawn:
    """Draws a content by its type; types without a look of their own are named."""
    if msg_type == "text":
        text = str(content.get("text", ""))
        drawn = draw_markdown(text, _look(frozenset(), app_id))
        return Drawn(text, drawn, mentions=_called(drawn))
    if msg_type == "post":
        return _post(content, app_id)
    if msg_type == "interactive":
        return _card(content, app_id)
    return Drawn(f"[{msg_type}]")


def markdown(text: str, app_id: str) -> Markup:
    """Draws the Markdown of a card of JSON 2.0, with its own tags for calls and colours."""
    return draw_markdown(text, _look(BLOCKS | PIECES.keys(), app_id))


def lark_md(text: str, app_id: str) -> Markup:
    """Draws the little that texts of old cards know."""
    return draw_markdown(text, _look(frozenset({"bold", "italic", "strike", "link"}), app_id))


def _look(knows: frozenset[str], app_id: str) -> MarkdownLook:
    def call(found: re.Match[str]) -> Markup:
        return _call(found["called"], app_id)

    return MarkdownLook(knows, own={CALL: call, FONT: _font, ENTITY: _sign})


def _post(content: Mapping[str, Any], app_id: str) -> Drawn:
    post = content.get("post", content)
    written = (
        next((each for each in post.values() if isinstance(each, dict)), {}) if isinstance(post, dict) else {}
    )
    lines = [
        [piece for piece in line if isinstance(piece, dict)]
        for line in written.get("content", [])
        if isinstance(line, list)
    ]
    drawn = Markup("").join(
        Markup("<p>{}</p>").format(Markup("").join(_piece(piece, app_id) for piece in line)) for line in lines
    )
    text = "\n".join("".join(str(piece.get("text", "")) for piece in line) for line in lines)
    return Drawn(text, drawn, str(written.get("title", "")), _called(drawn))


def _piece(piece: Mapping[str, Any], app_id: str) -> Markup:
    if piece.get("tag") == "at":
        return _call(str(piece.get("user_id", "")), app_id)
    text = Markup("<br>").join(str(piece.get("text", "")).split("\n"))
    address = str(piece.get("href", ""))
    if piece.get("tag") == "a" and address.startswith(("https://", "http://")):
        return Markup('<a href="{}">{}</a>').format(address, text)
    return text


def _card(card: Mapping[str, Any], app_id: str) -> Drawn:
    header = card.get("header")
    title = header.get("title") if isinstance(header, dict) else None
    heading = str(title.get("content", "")) if isinstance(title, dict) else ""
    elements = list(_elements(card))
    texts = [_text_of(element) for element in elements]
    drawn = Markup("").join(_element(element, app_id) for element in elements)
    return Drawn(
        "\n".join(text for text in texts if text),
        drawn,
        heading,
        _called(drawn),
        tuple(_button(element) for element in elements if element.get("tag") == "button"),
    )


def _elements(card: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    body = card.get("body")
    found = body.get("elements") if isinstance(body, dict) else card.get("elements")
    for element in found if isinstance(found, list) else []:
        if not isinstance(element, dict):
            continue
        if element.get("tag") == "action":
            yield from (each for each in element.get("actions", []) if isinstance(each, dict))
        else:
            yield element


def _text_of(element: Mapping[str, Any]) -> str:
    inner = element.get("text")
    content = inner.get("content") if isinstance(inner, dict) else element.get("content")
    return content if isinstance(content, str) and element.get("tag") != "button" else ""


def _element(element: Mapping[str, Any], app_id: str) -> Markup:
    tag, inner = element.get("tag"), element.get("text")
    if tag == "markdown":
        return markdown(_text_of(element), app_id)
    if isinstance(inner, dict) and inner.get("tag") == "lark_md":
        return lark_md(_text_of(element), app_id)
    if tag == "hr":
        return Markup("<hr>")
    if tag == "button":
        return Markup("")
    text = _text_of(element)
    return Markup("<p>{}</p>").format(text or f"[{tag}]")


def _button(element: Mapping[str, Any]) -> tuple[str, str]:
    inner = element.get("text")
    behaviors = [each for each in element.get("behaviors", []) if isinstance(each, dict)]
    address = str(element.get("url") or next((each.get("default_url", "") for each in behaviors), ""))
    return str(inner.get("content", "")) if isinstance(inner, dict) else "", address


def _font(found: re.Match[str]) -> Markup:
    colour = found["colour"] if found["colour"] in COLOURS else "grey"
    return Markup('<span class="{}">{}</span>').format(colour, found["coloured"])


def _sign(found: re.Match[str]) -> Markup:
    return escape(chr(int(found["sign"])))


def _call(identifier: str, app_id: str) -> Markup:
    return Markup('<span class="mention">@{}</span>').format(_name(identifier, app_id))


def _called(drawn: Markup) -> tuple[str, ...]:
    return tuple(CALLED.findall(str(drawn)))


def _name(identifier: str, app_id: str) -> str:
    if identifier == "all":
        return "所有人"
    known = people.find_by_identifier(identifier, app_id)
    return identifier if known is None else known.name_zh
