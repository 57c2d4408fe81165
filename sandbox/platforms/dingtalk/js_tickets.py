"""Simulated tickets for pages inside DingTalk. Protocol: page "JSAPI鉴权", names as in DingTalk's generated clients (read 2026-11-28)."""

from __future__ import annotations

from flask import Response, jsonify, request

from sandbox.platforms.dingtalk.api import blueprint
from sandbox.state import AppToken, current_state, random_text

SHELF = "dingtalk.jsapi"
SECONDS = 7200


@blueprint.post("/v1.0/oauth2/jsapiTickets")
def js_ticket() -> Response:
    """Hands out a ticket; the same one again while it lives, prolonged."""
    state = current_state()
    given = request.headers.get("x-acs-dingtalk-access-token", "")
    with state.lock:
        known = state.app_tokens.get("dingtalk", [])
        if not any(token.value == given and state.is_alive(token) for token in known):
            refused = {
                "code": "InvalidAuthentication",
                "requestid": "sandbox",
                "message": "不合法的access_token",
            }
            return _refused(refused)
        kept = state.app_tokens.setdefault(SHELF, [])
        if not kept or not state.is_alive(kept[-1]):
            kept.append(AppToken(random_text(64), 0))
        kept[-1].expires_at = state.now() + SECONDS
        return jsonify({"jsapiTicket": kept[-1].value, "expireIn": SECONDS})


def _refused(content: dict[str, str]) -> Response:
    response = jsonify(content)
    response.status_code = 400
    return response
