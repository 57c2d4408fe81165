"""The routes of messages (docs/contract.md §9a): sending one, what became of it, sending it again, stopping it."""

from __future__ import annotations

from threading import BoundedSemaphore

from flask import Blueprint, Response, g, jsonify, request

from app.core.errors import RequestError
from app.pipeline.operators.messages import (
    Resend,
    list_messages_page,
    resend_message,
    show_message,
    stop_sending,
    wait_for_end,
)
from app.pipeline.operators.sent_messages import ask_what_became, recall_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.web.errors import trace_id
from app.web.guards import json_body, page_size, require_token

BODY_BYTES = 1_048_576
WAIT_SECONDS = 5.0
MOST_WAITING = 8
"""How many requests may wait for their results at a time: each holds one of the threads that answer all other requests too."""

FILTERS = ("state", "channel", "since")
FLAGS = ("", "0", "1")


def messages_blueprint(services: Services) -> Blueprint:
    """Return the routes of messages."""
    blueprint = Blueprint("messages_api", __name__, url_prefix="/api/v1")
    places = BoundedSemaphore(MOST_WAITING)

    @blueprint.post("/messages")
    @require_token(services, "send")
    def send() -> tuple[Response, int]:
        """Take a message; with wait=1 its result, if it is there within five seconds."""
        waits = _flag("wait")
        key, caller = request.headers.get("Idempotency-Key"), g.api_token
        order = Order(caller.name, key, check_channel=caller.require_channel)
        accepted = accept_message(services, json_body(most=BODY_BYTES), order)
        has_ended = waits and _wait(services, accepted.id, places)
        response = jsonify(show_message(services, accepted.id) if has_ended else {"id": accepted.id})
        if not accepted.is_new:
            response.headers["Idempotent-Replayed"] = "true"
        return response, 200 if has_ended else 202

    @blueprint.get("/messages")
    @require_token(services, "read")
    def messages() -> Response:
        """List messages, newest first."""
        wanted = {name: request.args[name] for name in FILTERS if request.args.get(name)}
        return jsonify(
            list_messages_page(services, wanted, cursor=request.args.get("cursor"), limit=page_size())
        )

    @blueprint.get("/messages/<message_id>")
    @require_token(services, "read")
    def message(message_id: str) -> Response:
        """Show one message with a page of its recipients."""
        cursor = request.args.get("cursor")
        return jsonify(show_message(services, message_id, cursor=cursor, limit=page_size()))

    _add_changes(blueprint, services)
    return blueprint


def _add_changes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/messages/<message_id>/resend")
    @require_token(services, "send")
    def resend(message_id: str) -> tuple[Response, int]:
        """Send again what failed; with unknown=1 also what may have arrived, with all=1 everything."""
        _check_channels(services, message_id)
        what = Resend(everything=_flag("all"), unknown=_flag("unknown"))
        done = resend_message(services, message_id, what, actor=g.api_token.name, trace_id=trace_id())
        return jsonify(done), 202

    @blueprint.post("/messages/<message_id>/stop")
    @require_token(services, "send")
    def stop(message_id: str) -> tuple[Response, int]:
        """Send no more of it."""
        _check_channels(services, message_id)
        stop_sending(services, message_id, actor=g.api_token.name, trace_id=trace_id())
        return jsonify({"id": message_id}), 202

    @blueprint.post("/messages/<message_id>/recall")
    @require_token(services, "send")
    def recall(message_id: str) -> Response:
        """Take it back from everybody who got it, where the platform does that."""
        _check_channels(services, message_id)
        return jsonify(recall_message(services, message_id, actor=g.api_token.name, trace_id=trace_id()))

    @blueprint.post("/messages/<message_id>/check")
    @require_token(services, "send")
    def check(message_id: str) -> Response:
        """Ask the platforms what became of what they took without a word."""
        _check_channels(services, message_id)
        return jsonify(ask_what_became(services, message_id, actor=g.api_token.name, trace_id=trace_id()))


def _check_channels(services: Services, message_id: str) -> None:
    """Let a token with channels of its own change only messages through these."""
    if g.api_token.channels:
        for each in show_message(services, message_id)["channels"]:
            g.api_token.require_channel(each["channel"])


def _wait(services: Services, message_id: str, places: BoundedSemaphore) -> bool:
    """Say whether a message has ended; it is waited for only while fewer than MOST_WAITING others are."""
    if not places.acquire(blocking=False):
        return wait_for_end(services, message_id, seconds=0)
    try:
        return wait_for_end(services, message_id, seconds=WAIT_SECONDS)
    finally:
        places.release()


def _flag(name: str) -> bool:
    text = request.args.get(name, "")
    if text not in FLAGS:
        raise RequestError("bad_request", f"{name} must be 1 or be left out.")
    return text == "1"
