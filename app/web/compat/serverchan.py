"""Server酱's habit: `/<key>.send` with `title` and `desp`, and the one-line form `/send/<app_key>`.

Answers as the SDKs of sct.ftqq.com read them (code 0; refused: HTTP 400 with 40001). Read 2026-11-28.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.errors import CallgateError
from app.pipeline.sending.push import Said
from app.pipeline.services import Services
from app.web.compat.asking import Asked, answered, fields, store, text_of

BAD_KEY, BAD_FIELD = 40001, 40002
UNAUTHORIZED = 401


def add_serverchan(blueprint: Blueprint, services: Services) -> None:
    """Add the addresses that its clients know, below /compat/serverchan."""
    ways = ["GET", "POST"]

    @blueprint.route("/serverchan/<key>.send", methods=ways)
    @blueprint.route("/serverchan/send/<key>.send", methods=ways)
    @blueprint.route("/serverchan/send/<key>", methods=ways)
    def serverchan(key: str) -> Response:
        """Take a message as Server酱 does."""
        return take(services, key)


def take(services: Services, key: str) -> Response:
    """Take `title` (or `text`, as very old clients say) and `desp`, which is Markdown."""
    return answered(lambda: _stored(services, key), _refused)


def _stored(services: Services, key: str) -> Response:
    found = fields()
    said = Said(text_of(found, "title", "text"), text_of(found, "desp"))
    message_id = store(services, Asked(key, said))
    told = {"pushid": message_id, "readkey": "", "error": "SUCCESS", "errno": 0}
    return jsonify({"code": 0, "message": "", "data": told})


def _refused(error: CallgateError) -> Response:
    is_key = error.http_status == UNAUTHORIZED
    words = "[AUTH]错误的Key" if is_key else f"[INPUT]{error.message}"
    code = BAD_KEY if is_key else BAD_FIELD
    response = jsonify(
        {"message": words, "code": code, "info": words, "args": [None], "scode": 461, "error": error.code}
    )
    response.status_code = 429 if error.http_status == 429 else 400  # noqa: PLR2004
    return response
