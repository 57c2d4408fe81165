"""Simulated DingTalk as it keeps files of the application.

Protocol: open.dingtalk.com, page 上传媒体文件 (read 2026-11-29). Adds its route to the blueprint of `api`.
"""

from __future__ import annotations

from flask import Response, request

from sandbox.media import Refused, keep_file
from sandbox.platforms.dingtalk.api import answer_json, blueprint
from sandbox.platforms.dingtalk.in_app import has_app_token, refused_by_number
from sandbox.state import current_state

MIB = 1_048_576
MOST = {"image": 20 * MIB, "voice": 2 * MIB, "video": 20 * MIB, "file": 20 * MIB}


@blueprint.post("/media/upload", endpoint="media")
def upload() -> Response:
    """Keeps a file."""
    state = current_state()
    if not has_app_token(state):
        return refused_by_number(40014, "不合法的access_token")
    kind = request.args.get("type", "")
    try:
        number = keep_file(state, "dingtalk", "media", kind, MOST, prefix="@")
    except Refused as refused:
        return refused_by_number(40035, f"不合法的参数 {refused}")
    return answer_json(
        {
            "errcode": 0,
            "errmsg": "ok",
            "media_id": number,
            "created_at": int(state.now() * 1000),
            "type": kind,
        }
    )
