"""Simulated Bark as it takes notifications: one device or several, each with its own result.

Protocol: docs/API_V2.md and route_push.go of Finb/bark-server (read 2026-11-28). Apple's 4096 bytes hold for everything together.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import WHOLE, draw_markdown
from sandbox.inbox import Delivered
from sandbox.state import SandboxState, current_state, random_text

blueprint = Blueprint("bark", __name__, url_prefix="/bark")

SECOND_DEVICE, LOST_DEVICE = "sandboxBarkDeviceKey02", "sandboxBarkLostDevice9"
MOST_BYTES = 4096


@blueprint.post("/push", endpoint="push")
def push() -> tuple[Response, int]:
    """Takes a notification."""
    state = current_state()
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return _answer(400, "request bind failed: invalid character")
    if isinstance(body.get("device_keys"), list):
        results = [_one(state, body, str(key)) for key in body["device_keys"]]
        return jsonify(_worded(200, "success") | {"data": results}), 200
    key = str(body.get("device_key") or "")
    if not key:
        return _answer(400, "device key is empty")
    result = _one(state, body, key)
    return _answer(result["code"], str(result.get("message", "success")))


def _one(state: SandboxState, body: dict[str, Any], key: str) -> dict[str, Any]:
    if key == LOST_DEVICE:
        return {"code": 500, "device_key": key, "message": "push failed: Unregistered"}
    if key not in (state.settings["BARK_DEVICE_KEY"], SECOND_DEVICE):
        return {
            "code": 400,
            "device_key": key,
            "message": f"failed to get device token: key [{key}] not found",
        }
    if len(json.dumps(body, ensure_ascii=False).encode()) > MOST_BYTES:
        return {"code": 413, "device_key": key, "message": "push failed: PayloadTooLarge"}
    _keep(state, body, key)
    return {"code": 200, "device_key": key}


def _keep(state: SandboxState, body: dict[str, Any], key: str) -> None:
    text = str(body.get("markdown") or body.get("body") or "")
    state.inbox.keep(
        Delivered(
            platform="bark",
            conversation="phone" if key != SECOND_DEVICE else "tablet",
            conversation_title="iPhone" if key != SECOND_DEVICE else "iPad",
            kind="push",
            text=text,
            drawn=draw_markdown(text, WHOLE) if body.get("markdown") else None,
            heading=str(body.get("title", "")),
            raw={name: value for name, value in body.items() if name not in ("device_key", "device_keys")},
            at=state.now(),
            id=random_text(12),
        )
    )


def _worded(code: int, words: str) -> dict[str, Any]:
    return {"code": code, "message": words, "timestamp": int(current_state().now())}


def _answer(code: int, words: str) -> tuple[Response, int]:
    return jsonify(_worded(code, words)), code
