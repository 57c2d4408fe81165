"""Simulated WeCom as it keeps files: of the application by its token, of a group's robot by its key.

Protocol: developer.work.weixin.qq.com, pages 上传临时素材 and 99110 (read 2026-11-29). Adds its routes to the blueprint of `api`.
"""

from __future__ import annotations

from flask import Response, request

from sandbox.media import Refused, keep_file
from sandbox.platforms.wecom.api import answer_error, blueprint, token_problem
from sandbox.state import SandboxState, current_state
from sandbox.tencent_answers import answer

MIB = 1_048_576
MOST = {"image": 10 * MIB, "voice": 2 * MIB, "video": 10 * MIB, "file": 20 * MIB}
MOST_OF_ROBOT = {"voice": 2 * MIB, "file": 20 * MIB}
NUMBERS = {"kind": 40004, "form": 41005, "empty": 44001, "size": 40006}


@blueprint.post("/cgi-bin/media/upload", endpoint="media")
def upload() -> Response:
    """Keeps a file of the application."""
    state = current_state()
    problem = token_problem(state)
    return answer_error(problem) if problem is not None else _kept(state, MOST)


@blueprint.post("/cgi-bin/webhook/upload_media", endpoint="robot_media")
def robot_upload() -> Response:
    """Keeps a file of the group's robot."""
    state = current_state()
    is_robot = request.args.get("key") == state.settings["WECOM_ROBOT_KEY"]
    return _kept(state, MOST_OF_ROBOT) if is_robot else answer_error(93000)


def _kept(state: SandboxState, most: dict[str, int]) -> Response:
    kind = request.args.get("type", "")
    try:
        number = keep_file(state, "wecom", "media", kind, most)
    except Refused as refused:
        return answer_error(NUMBERS[str(refused)])
    return answer({"type": kind, "media_id": number, "created_at": str(int(state.now()))})
