"""message-pusher's habit: `/push/<user>` with a token, and the state of a message (songquanpeng/message-pusher, read 2026-11-28).

Faults of the body are HTTP 200 with `success` false, a wrong token is 401.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import CallgateError, RefusedError, RequestError
from app.core.states import MessageState
from app.pipeline.operators.messages import show_message
from app.pipeline.sending.push import Said, push
from app.pipeline.services import Services
from app.web.compat.asking import Fields, answered, fields, target, text_of

UNAUTHORIZED = 401
PENDING, SENT, FAILED = 1, 2, 3
STATES = {
    MessageState.QUEUED: PENDING,
    MessageState.SENDING: PENDING,
    MessageState.SENT: SENT,
}


def add_message_pusher(blueprint: Blueprint, services: Services) -> None:
    """Add the addresses that its clients know, below /compat/message-pusher."""

    @blueprint.route("/message-pusher/push/<user>", methods=["GET", "POST"])
    def message_pusher(user: str) -> Response:
        """Take a message as message-pusher does."""
        return answered(lambda: _stored(services, user), _refused)

    @blueprint.get("/message-pusher/api/message/status/<message_id>")
    def message_pusher_status(message_id: str) -> Response:
        """Say how a message stands; the token is needed here too."""
        return answered(lambda: _status(services, message_id), _refused)


def _stored(services: Services, user: str) -> Response:
    found = fields()
    to = target(services, _token(found))
    if user not in (to.name, to.name.removeprefix("app:")):
        raise RequestError("unknown_user", "用户不存在")
    markdown = text_of(found, "content", "desp")
    plain = text_of(found, "description", "short")
    said = Said(text_of(found, "title"), markdown or plain, "markdown" if markdown else "text")
    message_id = push(services, to, said, idempotency_key=request.headers.get("Idempotency-Key"))
    return jsonify({"success": True, "message": "", "uuid": message_id})


def _status(services: Services, message_id: str) -> Response:
    to = target(services, _token(fields()))
    shown = show_message(services, message_id)
    if shown.get("caller") != f"push:{to.name}":
        raise RequestError("unknown_message", "消息不存在")
    return jsonify(
        {"success": True, "message": "", "status": STATES.get(MessageState(shown["state"]), FAILED)}
    )


def _token(found: Fields) -> str:
    """Return the token of the body, the query or the header, bare or as Bearer."""
    header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return text_of(found, "token") or header


def _refused(error: CallgateError) -> Response:
    is_key = isinstance(error, RefusedError) and error.http_status == UNAUTHORIZED
    response = jsonify({"success": False, "message": "无效的 token" if is_key else error.message})
    response.status_code = error.http_status if is_key or error.http_status == 429 else 200  # noqa: PLR2004
    return response
