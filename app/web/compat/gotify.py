"""Gotify's habit: `/message` with an application's token in query, header or Bearer (gotify/server, read 2026-11-28)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.core.errors import CallgateError, RequestError
from app.core.moments import as_text
from app.pipeline.sending.push import Said, push
from app.pipeline.services import Services
from app.web.compat.asking import Fields, answered, fields, target, text_of

NUMBER_DIGITS = 15
"""Gotify counts its messages; ours have ids, of which a number is made that JavaScript keeps exactly."""


def add_gotify(blueprint: Blueprint, services: Services) -> None:
    """Add the address that its clients know, below /compat/gotify."""

    @blueprint.post("/gotify/message")
    def gotify() -> Response:
        """Take a message as Gotify does."""
        return answered(lambda: _stored(services), _refused)


def _stored(services: Services) -> Response:
    found = fields()
    to = target(services, _token())
    text = text_of(found, "message")
    if not text:
        raise RequestError("no_text", "message is needed.")
    title = text_of(found, "title") or to.name
    said = Said(title, text, "markdown" if _is_markdown(found) else "text")
    message_id = push(services, to, said, idempotency_key=request.headers.get("Idempotency-Key"))
    priority = text_of(found, "priority")
    told = {
        "id": int(message_id, 16) % 10**NUMBER_DIGITS,
        "appid": 1,
        "message": text,
        "title": title,
        "priority": int(priority) if priority.isascii() and priority.isdigit() and len(priority) <= 2 else 0,  # noqa: PLR2004
        "date": as_text(services.clock.now()),
    }
    extras = found.get("extras")
    return jsonify(told | ({"extras": extras} if isinstance(extras, dict) else {}))


def _token() -> str:
    header = request.headers.get("Authorization", "")
    bearer = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else ""
    return request.args.get("token") or request.headers.get("X-Gotify-Key") or bearer


def _is_markdown(found: Fields) -> bool:
    place: Any = found.get("extras")
    for name in ("client::display", "contentType"):
        place = place.get(name) if isinstance(place, dict) else None
    return bool(place == "text/markdown")


def _refused(error: CallgateError) -> Response:
    words = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests"}
    status = error.http_status if error.http_status in words else 400
    response = jsonify({"error": words[status], "errorCode": status, "errorDescription": error.message})
    response.status_code = status
    return response
