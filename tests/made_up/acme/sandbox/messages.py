"""Simulated Acme's messages: what an application sends, and the chat in which people read and write."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from sandbox.inbox import Delivered
from sandbox.platforms.acme.api import blueprint
from sandbox.platforms.acme.people import acme_id, find_by_id
from sandbox.simulated import Action, Chat
from sandbox.state import Bubble, current_state, random_text
from sandbox.words import Words


@blueprint.post("/messages")
def send_message() -> tuple[Response, int] | Response:
    """Puts a message into a person's chat."""
    state = current_state()
    value = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = state.app_tokens.get("acme", [])
    if not any(each.value == value and state.is_alive(each) for each in known):
        return jsonify({"error": "bad_token"}), 401
    body: dict[str, Any] = request.get_json(silent=True) or {}
    person = find_by_id(str(body.get("to", "")))
    if person is None:
        return jsonify({"error": "no_such_person"}), 404
    with state.lock:
        state.messages.append(body)
    text, number = str(body.get("text", "")), "acme_msg_" + random_text(12)
    state.say("acme", person, Bubble("account", text))
    state.inbox.keep(
        Delivered(
            platform="acme",
            conversation=f"user:{acme_id(person)}",
            conversation_title=person.name_en,
            kind="text",
            text=text,
            raw=body,
            at=state.now(),
            id=number,
        )
    )
    return jsonify({"message_id": number})


def _event(action: Action) -> tuple[str, dict[str, Any]]:
    """Whatever somebody does in this chat, the shop is written to."""
    return "chat.written", {"data": {"text": action.text or action.kind}}


CHAT = Chat(
    title=Words("Acme shop", "艾克米商店"),
    account=lambda settings: settings["ACME_CLIENT_ID"],
    identifier=lambda person, _settings: acme_id(person),
    event=_event,
    reply_text=lambda reply: str(reply.get("text", "")),
    failure=Words("The shop does not answer", "商店没有响应"),
)
