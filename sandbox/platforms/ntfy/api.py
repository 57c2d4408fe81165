"""Simulated ntfy as it takes messages: published as JSON, with the numbers of its refusals and a bucket of requests.

Protocol: docs.ntfy.sh "Publish as JSON", "Limitations"; server/errors.go (read 2026-11-28). A message over 4096 bytes becomes a file.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import WHOLE, draw_markdown
from sandbox.inbox import Delivered
from sandbox.state import SandboxState, current_state, random_text

blueprint = Blueprint("ntfy", __name__, url_prefix="/ntfy")

MOST_BYTES = 4096
BUCKET, SECONDS_FOR_ONE = 60, 5
USER = ("ops", "sandbox-ntfy-password")


@blueprint.post("/", endpoint="publish")
def publish() -> tuple[Response, int]:
    """Takes a message for a topic."""
    state = current_state()
    if not _has_room(state):
        return _error(42901, 429, "limit reached: too many requests")
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return _error(40017, 400, "invalid request: request body must be message JSON")
    topic = body.get("topic")
    if not isinstance(topic, str) or not topic.replace("-", "").replace("_", "").isalnum() or len(topic) > 64:
        return _error(40009, 400, "invalid request: topic invalid")
    if not _is_somebody(state):
        return _error(40101, 401, "unauthorized")
    if topic != state.settings["NTFY_TOPIC"]:
        return _error(40301, 403, "forbidden")
    return _kept(state, body)


def _is_somebody(state: SandboxState) -> bool:
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        return b64decode(header.removeprefix("Basic ")).decode("utf-8", "replace") == ":".join(USER)
    return header == f"Bearer {state.settings['NTFY_TOKEN']}"


def _has_room(state: SandboxState) -> bool:
    with state.lock:
        shelf = state.shelf("ntfy.bucket")
        now = state.now()
        left = min(BUCKET, shelf.get("left", BUCKET) + (now - shelf.get("at", now)) / SECONDS_FOR_ONE)
        shelf["at"], shelf["left"] = now, left - 1 if left >= 1 else left
        return left >= 1


def _kept(state: SandboxState, body: dict[str, Any]) -> tuple[Response, int]:
    text = str(body.get("message") or "triggered")
    number = random_text(12)
    is_file = len(text.encode()) > MOST_BYTES
    shown = "You received a file: attachment.txt" if is_file else text
    state.inbox.keep(
        Delivered(
            platform="ntfy",
            conversation="topic",
            conversation_title=str(body["topic"]),
            kind="file" if is_file else "message",
            text=shown,
            drawn=draw_markdown(shown, WHOLE) if body.get("markdown") is True else None,
            heading=str(body.get("title", "")),
            buttons=(("click", str(body["click"])),) if body.get("click") else (),
            raw=body,
            at=state.now(),
            id=number,
        )
    )
    made = {"id": number, "time": int(state.now()), "expires": int(state.now()) + 43_200, "event": "message"}
    return jsonify(made | {"topic": body["topic"], "message": shown}), 200


def _error(code: int, status: int, words: str) -> tuple[Response, int]:
    return jsonify(
        {"code": code, "http": status, "error": words, "link": "https://ntfy.sh/docs/publish/"}
    ), status
