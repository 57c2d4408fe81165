"""Apprise API's habit: `/notify/<key>`, or `/notify` with the key in a header, with `body`, `title`, `type` and `format` (caronc/apprise-api, read 2026-11-28).

An unknown key is 204 there; here too, so that clients tell the same. Whether a target failed later is in the history.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import CallgateError
from app.core.moments import as_text
from app.pipeline.sending.push import Said
from app.pipeline.services import Services
from app.web.compat.asking import Asked, answered, fields, store, text_of

UNKNOWN_KEY = 204
KEY_HEADER = "X-Apprise-Config-ID"
FORMATS = {"markdown": "markdown", "html": "html", "text": "text"}
SIGNS = {"success": "✅ ", "warning": "⚠️ ", "failure": "❌ "}
"""Stand before the title, where a kind is named; `info` has none."""


def add_apprise(blueprint: Blueprint, services: Services) -> None:
    """Add the address that its clients know, below /compat/apprise."""

    @blueprint.post("/apprise/notify")
    @blueprint.post("/apprise/notify/<key>", strict_slashes=False)
    def apprise(key: str = "") -> Response:
        """Take a message as Apprise API does; newer clients say the key in a header (apprise 2.3)."""
        return answered(lambda: _stored(services, key or request.headers.get(KEY_HEADER, "")), _refused)


def _stored(services: Services, key: str) -> Response:
    found = fields()
    sign = SIGNS.get(text_of(found, "type"), "")
    title = text_of(found, "title")
    said = Said(
        sign + title if title else "", text_of(found, "body"), FORMATS.get(text_of(found, "format"), "text")
    )
    message_id = store(services, Asked(key, said))
    line = ["INFO", as_text(services.clock.now()), f"Stored as {message_id}"]
    return jsonify({"error": None, "details": [line]})


def _refused(error: CallgateError) -> Response:
    if error.http_status == 401:  # noqa: PLR2004
        return Response(status=UNKNOWN_KEY)
    response = jsonify({"error": error.message, "details": []})
    response.status_code = error.http_status
    return response
