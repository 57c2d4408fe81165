"""The bot's chat as the simulated phone shows it: a first visit, what is written to it, and the rest of its answers.

The real WeCom asks for the rest of a stream by itself, again and again; here a press asks once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.simulated import Action, Chat
from sandbox.words import Words


def _event(action: Action) -> tuple[str, dict[str, Any]]:
    match action.kind:
        case "text":
            return "message.text", {"text": {"content": action.text}}
        case "rest":
            return "message.stream", {"stream": {"id": action.text}}
    return "event.enter_chat", {}


def _reply_text(reply: Mapping[str, Any]) -> str:
    """Puts a welcome, a stream or a card into words; a stream that has not begun is shown as dots."""
    stream = reply.get("stream") or {}
    card = reply.get("template_card") or {}
    title = f"[{(card.get('main_title') or {}).get('title') or card.get('card_type')}]" if card else ""
    text = (reply.get("text") or stream).get("content") or ("…" if stream else "")
    pictures = ["[image]"] * len(stream.get("msg_item") or [])
    return " ".join([part for part in (text, *pictures, title) if part])


def _unfinished(reply: Mapping[str, Any]) -> str:
    stream = reply.get("stream") or {}
    return "" if stream.get("finish", True) else str(stream.get("id", ""))


CHAT = Chat(
    title=Words("AI bot", "智能机器人"),
    account=lambda settings: settings["WECOM_AIBOT_ID"],
    identifier=lambda person, _settings: person.key,
    event=_event,
    reply_text=_reply_text,
    failure=Words("The bot does not answer, try again later", "机器人暂时无法回复，请稍后再试"),
    has_followers=False,
    identifier_name="UserID",
    unfinished=_unfinished,
)
