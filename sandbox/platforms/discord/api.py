"""Simulated Discord as it takes messages: one webhook, with its limits and its numbered refusals.

Protocol: docs.discord.com "Webhook Resource: Execute Webhook", "Opcodes and Status Codes: JSON" (read 2026-11-28).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import draw_markdown
from sandbox.inbox import Delivered
from sandbox.platforms.discord import look
from sandbox.state import current_state

blueprint = Blueprint("discord", __name__, url_prefix="/discord")

NUMBER, TOKEN = "1234560123453231556", "sandbox0discord0webhook0token000000000000000000000000000000000000001"
HOOK = f"/discord/api/webhooks/{NUMBER}/{TOKEN}"
MOST_CHARACTERS, MOST_EMBEDS, MOST_EMBED_CHARACTERS = 2000, 10, 6000
SNOWFLAKE_EPOCH = 1_420_070_400


@blueprint.post("/api/webhooks/<number>/<token>", endpoint="webhook")
def webhook(number: str, token: str) -> tuple[Response | str, int]:
    """Takes a message; says what became of it only when asked to wait."""
    if number != NUMBER:
        return _error(10015, "Unknown Webhook", 404)
    if token != TOKEN:
        return _error(50027, "Invalid Webhook Token", 401)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return _error(50109, "The request body contains invalid JSON.", 400)
    content, embeds = body.get("content") or "", body.get("embeds") or []
    if not content and not embeds:
        return _error(50006, "Cannot send an empty message", 400)
    if not _is_short(content, embeds):
        return _error(50035, "Invalid Form Body", 400)
    message = _keep(body, str(content), embeds)
    return (jsonify(message), 200) if request.args.get("wait") == "true" else ("", 204)


@blueprint.delete("/api/webhooks/<number>/<token>/messages/<message_id>", endpoint="delete")
def delete(number: str, token: str, message_id: str) -> tuple[Response | str, int]:
    """Deletes a message of the webhook."""
    if number != NUMBER:
        return _error(10015, "Unknown Webhook", 404)
    if token != TOKEN:
        return _error(50027, "Invalid Webhook Token", 401)
    if not current_state().inbox.take_back("discord", message_id):
        return _error(10008, "Unknown Message", 404)
    return "", 204


def _is_short(content: Any, embeds: Any) -> bool:
    if not isinstance(content, str) or not isinstance(embeds, list):
        return False
    total = sum(len(str(each.get("title", ""))) + len(str(each.get("description", ""))) for each in embeds)
    return len(content) <= MOST_CHARACTERS and len(embeds) <= MOST_EMBEDS and total <= MOST_EMBED_CHARACTERS


def _keep(body: dict[str, Any], content: str, embeds: list[Any]) -> dict[str, Any]:
    state = current_state()
    number = str(int((state.now() - SNOWFLAKE_EPOCH) * 1000) << 22)
    first = embeds[0] if embeds else {}
    text = content or str(first.get("description", ""))
    state.inbox.keep(
        Delivered(
            platform="discord",
            conversation="channel",
            conversation_title=str(body.get("username") or "#ops"),
            kind="message",
            text=text,
            drawn=draw_markdown(text, look.LOOK),
            heading=str(first.get("title", "")),
            mentions=look.mentioned(text, body.get("allowed_mentions")),
            fields=tuple(
                (str(each.get("name", "")), str(each.get("value", ""))) for each in first.get("fields", [])
            ),
            raw=body,
            at=state.now(),
            id=number,
        )
    )
    return {
        "id": number,
        "type": 0,
        "content": content,
        "channel_id": "645027906669510667",
        "webhook_id": NUMBER,
    }


def _error(code: int, words: str, status: int) -> tuple[Response, int]:
    return jsonify({"message": words, "code": code}), status
