"""PushPlus's habit: `/send` or `/send/<token>`, always HTTP 200, `code` 200 for taken (pushplus.plus, read 2026-11-28)."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, jsonify

from app.core.errors import CallgateError
from app.pipeline.sending.push import Said
from app.pipeline.services import Services
from app.web.compat.asking import Asked, answered, fields, store, text_of

GOOD, BAD_TOKEN, TOO_MANY, BAD_FIELD = 200, 903, 900, 999
CODES = {401: BAD_TOKEN, 429: TOO_MANY}
FORMATS = {"html": "html", "txt": "text", "markdown": "markdown", "json": "text"}


def add_pushplus(blueprint: Blueprint, services: Services) -> None:
    """Add the addresses that its clients know, below /compat/pushplus."""

    @blueprint.route("/pushplus/send", methods=["GET", "POST"])
    @blueprint.route("/pushplus/send/<token>", methods=["GET", "POST"])
    def pushplus(token: str = "") -> Response:
        """Take a message as PushPlus does."""
        return answered(lambda: _stored(services, token), _refused)


def _stored(services: Services, token: str) -> Response:
    found = fields()
    kind = text_of(found, "template") or "html"
    said = Said(text_of(found, "title"), _content(found.get("content")), FORMATS.get(kind, "text"))
    message_id = store(services, Asked(token or text_of(found, "token"), said))
    return jsonify({"code": GOOD, "msg": "请求成功", "data": message_id})


def _content(value: Any) -> str:
    """Return the content; an object is shown as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2)
    return value if isinstance(value, str) else ""


def _refused(error: CallgateError) -> Response:
    code = CODES.get(error.http_status, BAD_FIELD)
    words = "用户不存在或 token 错误" if code == BAD_TOKEN else error.message
    return jsonify({"code": code, "msg": words, "data": None})
