"""WxPusher's habit: `/api/send/message` by POST or GET and the short form with an SPT, `code` 1000 for taken (wxpusher docs, read 2026-11-28)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from app.core.errors import CallgateError
from app.pipeline.sending.push import Said
from app.pipeline.services import Services
from app.web.compat.asking import Asked, answered, fields, store, text_of

GOOD, BAD_FIELD, BAD_TOKEN, TOO_MANY = 1000, 1001, 1002, 1008
CODES = {401: BAD_TOKEN, 429: TOO_MANY}
FORMATS = {"1": "text", "2": "html", "3": "markdown"}
MOST_UIDS = 2000


def add_wxpusher(blueprint: Blueprint, services: Services) -> None:
    """Add the addresses that its clients know, below /compat/wxpusher."""

    @blueprint.route("/wxpusher/api/send/message", methods=["GET", "POST"])
    def wxpusher() -> Response:
        """Take a message as WxPusher does."""
        return answered(lambda: _stored(services, fields()), _refused)

    @blueprint.post("/wxpusher/api/send/message/simple-push")
    def wxpusher_simple() -> Response:
        """Take a message for the SPT of its body."""
        return answered(lambda: _stored(services, fields()), _refused)

    @blueprint.get("/wxpusher/api/send/message/<spt>/<path:content>")
    def wxpusher_short(spt: str, content: str) -> Response:
        """Take a message that stands in the address."""
        return answered(lambda: _stored(services, {"spt": spt, "content": content}), _refused)


def _stored(services: Services, found: dict[str, Any]) -> Response:
    kind = text_of(found, "contentType") or "1"
    said = Said(text_of(found, "summary"), text_of(found, "content"), FORMATS.get(kind, "text"))
    message_id = store(services, Asked(text_of(found, "appToken", "spt"), said))
    places = [("uid", each) for each in _listed(found, "uids", "uid")]
    places += [("topicId", each) for each in _listed(found, "topicIds")]
    return jsonify(
        {
            "code": GOOD,
            "msg": "处理成功",
            "data": [_taken(message_id, name, each) for name, each in places or [("uid", None)]],
            "success": True,
        }
    )


def _taken(message_id: str, name: str, value: Any) -> dict[str, Any]:
    told = {"uid": None, "topicId": None, "messageContentId": message_id, "sendRecordId": message_id}
    return told | {name: value, "messageId": message_id, "code": GOOD, "status": "创建发送任务成功"}


def _listed(found: dict[str, Any], *names: str) -> list[Any]:
    for name in names:
        value = found.get(name)
        if isinstance(value, list):
            return [each for each in value if isinstance(each, str | int)][:MOST_UIDS]
        if isinstance(value, str) and value:
            return [value]
    return []


def _refused(error: CallgateError) -> Response:
    code = CODES.get(error.http_status, BAD_FIELD)
    words = "appToken 不正确" if code == BAD_TOKEN else error.message
    return jsonify({"code": code, "msg": words, "data": None, "success": False})
