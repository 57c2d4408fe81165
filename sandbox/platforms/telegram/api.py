"""Simulated Telegram as it takes messages of a bot: chats that exist and chats that refuse, HTML that must be right.

Protocol: core.telegram.org/bots/api "Making requests", "sendMessage", "HTML style" (read 2026-11-28).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.telegram import look
from sandbox.state import current_state

blueprint = Blueprint("telegram", __name__, url_prefix="/telegram")

GROUP = "-1001000000001"
UPGRADED, UNKNOWN_RIGHTS, BLOCKED, KICKED = "-1000000002", "-1001000000003", "10099", "-1001000000004"
REFUSING = {
    UPGRADED: (400, "Bad Request: group chat was upgraded to a supergroup chat"),
    UNKNOWN_RIGHTS: (400, "Bad Request: not enough rights to send text messages to the chat"),
    BLOCKED: (403, "Forbidden: bot was blocked by the user"),
    KICKED: (403, "Forbidden: bot was kicked from the supergroup chat"),
}
MOST_CHARACTERS, MOST_CAPTION = 4096, 1024
DELETE_SECONDS = 48 * 3600
METHODS = {"sendMessage": "text", "sendPhoto": "photo", "sendDocument": "document"}


@blueprint.post("/bot<token>/<method>", endpoint="method")
def method(token: str, method: str) -> tuple[Response, int]:
    """Takes one call of the bot."""
    state = current_state()
    if token != state.settings["TELEGRAM_BOT_TOKEN"]:
        return _error(401, "Unauthorized")
    if method == "deleteMessage":
        return _delete()
    if method not in METHODS:
        return _error(404, "Not Found")
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return _error(400, "Bad Request: can't parse JSON object")
    chat = str(body.get("chat_id", ""))
    if chat in REFUSING:
        return _error(*REFUSING[chat], {"migrate_to_chat_id": int(GROUP)} if chat == UPGRADED else None)
    title = _title(chat)
    if title is None:
        return _error(400, "Bad Request: chat not found")
    return _message(body, method, chat, title)


def _delete() -> tuple[Response, int]:
    """Deletes a message for 48 hours."""
    state, body = current_state(), request.get_json(force=True, silent=True) or {}
    number = str(body.get("message_id", ""))
    kept = [each for each in state.inbox.of("telegram") if each.id == number]
    if not kept:
        return _error(400, "Bad Request: message to delete not found")
    if kept[0].at < state.now() - DELETE_SECONDS:
        return _error(400, "Bad Request: message can't be deleted")
    state.inbox.take_back("telegram", number)
    return jsonify({"ok": True, "result": True}), 200


def _title(chat: str) -> str | None:
    if chat == GROUP:
        return "Ops"
    return next((each.name_en for each in PEOPLE if str(each.number) == chat), None)


def _message(body: dict[str, Any], method: str, chat: str, title: str) -> tuple[Response, int]:
    text, most = (
        (body.get("text"), MOST_CHARACTERS)
        if method == "sendMessage"
        else (body.get("caption", ""), MOST_CAPTION)
    )
    if method != "sendMessage" and not body.get(METHODS[method]):
        return _error(400, "Bad Request: wrong file identifier/HTTP URL specified")
    if not isinstance(text, str) or (method == "sendMessage" and not text.strip()):
        return _error(400, "Bad Request: message text is empty")
    drawn = None
    if body.get("parse_mode") == "HTML":
        try:
            drawn, text = look.drawn(text)
        except ValueError as fault:
            return _error(400, f"Bad Request: can't parse entities: {fault}")
    if len(text.encode("utf-16-le")) // 2 > most:
        return _error(400, "Bad Request: message is too long")
    state = current_state()
    shelf = state.shelf("telegram.messages")
    number = shelf["last"] = shelf.get("last", 0) + 1
    state.inbox.keep(
        Delivered(
            platform="telegram",
            conversation="group" if chat == GROUP else f"user:{chat}",
            conversation_title=title,
            kind=method,
            text=text,
            drawn=drawn,
            raw=body,
            at=state.now(),
            id=str(number),
        )
    )
    result = {"message_id": number, "date": int(state.now()), "chat": {"id": int(chat)}, "text": text}
    return jsonify({"ok": True, "result": result}), 200


def _error(code: int, words: str, parameters: dict[str, int] | None = None) -> tuple[Response, int]:
    answer = {"ok": False, "error_code": code, "description": words}
    return jsonify(answer | ({"parameters": parameters} if parameters else {})), code
