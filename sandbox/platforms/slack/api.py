"""Simulated Slack as it takes messages: the words of the incoming webhook, and the Web API that answers 200 whatever happened.

Protocol: docs.slack.dev "Sending messages using incoming webhooks", "chat.postMessage" (read 2026-11-28).
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.platforms.slack import look
from sandbox.state import SandboxState, current_state, random_text

blueprint = Blueprint("slack", __name__, url_prefix="/slack")

TEAM, APP, KEY = "T061EG9R6", "B0SANDBOX1", "sandbox0slack0hook0key01"
HOOK = f"/slack/services/{TEAM}/{APP}/{KEY}"
CHANNELS = {
    "C0SANDBOX1": "#ops",
    "C0ARCHIVE1": "#old",
    "C0PRIVATE1": "#private",
    "C0ADMINS01": "#announcements",
}
ROBOT_CHANNEL = "C0SANDBOX1"
REFUSING = {"C0ARCHIVE1": "is_archived", "C0PRIVATE1": "not_in_channel", "C0ADMINS01": "restricted_action"}
MOST_BLOCKS, MOST_ATTACHMENTS, MOST_CHARACTERS = 50, 100, 40_000


def slack_id(person: Person) -> str:
    """Returns the person's id."""
    return f"U0SANDBOX{person.number - 10_000}"


@blueprint.post("/services/<team>/<app>/<key>", endpoint="hook")
def hook(team: str, app: str, key: str) -> tuple[str, int, dict[str, str]]:
    """Takes a message of the incoming webhook; answers with a word."""
    if team != TEAM:
        return _word("no_team", 404)
    if app != APP:
        return _word("no_service", 404)
    if key != KEY:
        return _word("invalid_token", 403)
    body = _body()
    if body is None:
        return _word("invalid_payload", 400)
    problem = _problem(body)
    if problem is not None:
        return _word(problem, 400)
    _keep(current_state(), body, f"channel:{ROBOT_CHANNEL}", CHANNELS[ROBOT_CHANNEL])
    return _word("ok", 200)


@blueprint.post("/api/chat.postMessage", endpoint="post_message")
def post_message() -> Response:
    """Takes a message of the bot for a channel or a person."""
    state = current_state()
    authorization = request.headers.get("Authorization", "")
    if not authorization:
        return _error("not_authed")
    if authorization != f"Bearer {state.settings['SLACK_BOT_TOKEN']}":
        return _error("invalid_auth")
    body = _body()
    if body is None:
        return _error("invalid_json")
    place = _place(str(body.get("channel", "")))
    if place is None:
        return _error("channel_not_found")
    if body["channel"] in REFUSING:
        return _error(REFUSING[body["channel"]])
    problem = _problem(body)
    if problem is not None:
        return _error(problem)
    number = _keep(state, body, *place)
    return jsonify(
        {"ok": True, "channel": body["channel"], "ts": number, "message": {"text": body.get("text", "")}}
    )


@blueprint.post("/api/chat.delete", endpoint="delete")
def delete_message() -> Response:
    """Deletes a message of the bot."""
    state, body = current_state(), _body()
    if request.headers.get("Authorization") != f"Bearer {state.settings['SLACK_BOT_TOKEN']}":
        return _error("invalid_auth")
    if body is None or _place(str(body.get("channel", ""))) is None:
        return _error("channel_not_found")
    if not state.inbox.take_back("slack", str(body.get("ts"))):
        return _error("message_not_found")
    return jsonify({"ok": True, "channel": body["channel"], "ts": body["ts"]})


def _place(channel: str) -> tuple[str, str] | None:
    if channel in CHANNELS:
        return f"channel:{channel}", CHANNELS[channel]
    person = next((each for each in PEOPLE if slack_id(each) == channel), None)
    return None if person is None else (f"user:{channel}", person.name_en)


def _body() -> dict[str, Any] | None:
    """Returns the JSON object; the webhook takes it in a form's field `payload` too."""
    try:
        found = json.loads(request.form["payload"] if "payload" in request.form else request.get_data())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _problem(body: dict[str, Any]) -> str | None:
    blocks, attachments, text = body.get("blocks"), body.get("attachments"), body.get("text")
    if not (text or blocks or attachments):
        return "no_text"
    if blocks is not None and (not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS):
        return "invalid_blocks"
    if isinstance(attachments, list) and len(attachments) > MOST_ATTACHMENTS:
        return "too_many_attachments"
    return "msg_too_long" if isinstance(text, str) and len(text) > MOST_CHARACTERS else None


def _keep(state: SandboxState, body: dict[str, Any], conversation: str, title: str) -> str:
    number = f"{state.now():.6f}"
    text = str(body.get("text") or look.text_of(body.get("blocks") or []))
    state.inbox.keep(
        Delivered(
            platform="slack",
            conversation=conversation,
            conversation_title=title,
            kind="message",
            text=text,
            drawn=look.drawn(text),
            mentions=look.mentioned(text),
            raw=body,
            at=state.now(),
            id=number,
        )
    )
    return number


def _word(word: str, status: int) -> tuple[str, int, dict[str, str]]:
    return (
        word,
        status,
        {"Content-Type": "text/html" if status == 200 else "text/plain", "X-Slack-Req": random_text(8)},
    )


def _error(word: str) -> Response:
    return jsonify({"ok": False, "error": word})
