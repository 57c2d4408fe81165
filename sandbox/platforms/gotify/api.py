"""Simulated Gotify as it takes messages of an application.

Protocol: gotify.net "Push messages", docs/spec.json of gotify/server (read 2026-11-28). A message without a title has the application's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import WHOLE, draw_markdown
from sandbox.inbox import Delivered
from sandbox.state import current_state

blueprint = Blueprint("gotify", __name__, url_prefix="/gotify")

APPLICATION, CLIENT_TOKEN = "ops", "Csandbox.client"


@blueprint.post("/message", endpoint="message")
def message() -> tuple[Response, int]:
    """Takes a message."""
    state = current_state()
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = request.args.get("token") or request.headers.get("X-Gotify-Key") or bearer
    if token == CLIENT_TOKEN:
        return _error(403, "Forbidden", "you are not allowed to access this api")
    if token != state.settings["GOTIFY_APP_TOKEN"]:
        return _error(401, "Unauthorized", "you need to provide a valid access token or user credentials")
    body: Any = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("message"), str) or not body["message"]:
        return _error(400, "Bad Request", "Field 'message' is required")
    return jsonify(_keep(body)), 200


def _keep(body: dict[str, Any]) -> dict[str, Any]:
    state = current_state()
    shelf = state.shelf("gotify.messages")
    with state.lock:
        number = shelf["last"] = shelf.get("last", 0) + 1
    title = str(body.get("title") or APPLICATION)
    display = (body.get("extras") or {}).get("client::display") or {}
    is_markdown = display.get("contentType") == "text/markdown"
    state.inbox.keep(
        Delivered(
            platform="gotify",
            conversation="application",
            conversation_title=APPLICATION,
            kind="message",
            text=body["message"],
            drawn=draw_markdown(body["message"], WHOLE) if is_markdown else None,
            heading=title,
            raw=body,
            at=state.now(),
            id=str(number),
        )
    )
    date = datetime.fromtimestamp(state.now(), UTC).isoformat()
    return {
        "id": number,
        "appid": 1,
        "message": body["message"],
        "title": title,
        "priority": body.get("priority", 0),
        "date": date,
    }


def _error(code: int, name: str, words: str) -> tuple[Response, int]:
    return jsonify({"error": name, "errorCode": code, "errorDescription": words}), code
