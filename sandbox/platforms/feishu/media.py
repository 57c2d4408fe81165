"""Simulated Feishu as it keeps images and files of the app.

Protocol: open.feishu.cn, "Upload image" and "Upload file" (read 2026-11-29). Adds its routes to the blueprint of `api`.
"""

from __future__ import annotations

from flask import Response, jsonify, request

from sandbox.media import Refused, keep_file
from sandbox.platforms.feishu.api import api_error, bearer_is_tenant_token, blueprint
from sandbox.state import current_state

MIB = 1_048_576
FILE_TYPES = ("opus", "mp4", "pdf", "doc", "xls", "ppt", "stream")
WORDS = {
    "kind": (234001, "Invalid request param."),
    "form": (234001, "Invalid request param."),
    "empty": (234010, "File's size can't be 0."),
    "size": (234006, "The file size exceed the max value."),
}


@blueprint.post("/open-apis/im/v1/images", endpoint="image")
def upload_image() -> Response:
    """Keeps an image."""
    kind = "image" if request.form.get("image_type") == "message" else ""
    return _kept("image", kind, 10 * MIB, "image_key", "img_v3_")


@blueprint.post("/open-apis/im/v1/files", endpoint="file")
def upload_file() -> Response:
    """Keeps a file."""
    kind = "file" if request.form.get("file_type") in FILE_TYPES and request.form.get("file_name") else ""
    return _kept("file", kind, 30 * MIB, "file_key", "file_v3_")


def _kept(field: str, kind: str, most: int, name: str, prefix: str) -> Response:
    if (problem := bearer_is_tenant_token()) is not None:
        return problem
    try:
        number = keep_file(current_state(), "feishu", field, kind, {field: most}, prefix=prefix)
    except Refused as refused:
        return api_error(*WORDS[str(refused)])
    return jsonify({"code": 0, "msg": "success", "data": {name: number}})
