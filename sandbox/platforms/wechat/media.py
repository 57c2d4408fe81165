"""Simulated temporary media of WeChat's accounts: of the Official Account and of the Mini Program, by their tokens.

Protocol: developers.weixin.qq.com, page 新增临时素材 (read 2026-11-29). Adds its route to the blueprint of `api`.
"""

from __future__ import annotations

from flask import Response, request

from sandbox.media import Refused, keep_file
from sandbox.platforms.wechat.account import account_error, account_json, shelf_of, token_problem
from sandbox.platforms.wechat.api import blueprint
from sandbox.state import current_state

MIB = 1_048_576
MOST = {"image": 10 * MIB, "voice": 2 * MIB, "video": 10 * MIB, "thumb": 65_536}
NUMBERS = {"kind": 40004, "form": 41005, "empty": 44001, "size": 45001}


@blueprint.post("/cgi-bin/media/upload")
def media_upload() -> Response:
    """Keeps a file for three days; a success names no errcode."""
    state = current_state()
    shelves = ("wechat.stable", "wechat.classic", shelf_of(state, state.settings["WECHAT_MINI_APP_ID"]))
    if (problem := token_problem(state, shelves)) is not None:
        return account_error(problem)
    kind = request.args.get("type", "")
    try:
        number = keep_file(state, "wechat", "media", kind, MOST)
    except Refused as refused:
        return account_error(NUMBERS[str(refused)])
    return account_json({"type": kind, "media_id": number, "created_at": int(state.now())})
