"""Simulated tickets for pages inside Feishu. Protocol: "网页应用鉴权" as copied (read 2026-11-28). Adds its route to the blueprint of `api`."""

from __future__ import annotations

from flask import Response, jsonify

from sandbox.platforms.feishu.api import bearer_is_tenant_token, blueprint
from sandbox.state import AppToken, current_state, random_text

SHELF = "feishu.jsapi"
SECONDS = 7200


@blueprint.post("/open-apis/jssdk/ticket/get")
def js_ticket() -> Response:
    """Hands out a ticket: the same one again while it lives."""
    problem = bearer_is_tenant_token()
    if problem is not None:
        return problem
    state = current_state()
    with state.lock:
        kept = state.app_tokens.setdefault(SHELF, [])
        if not kept or not state.is_alive(kept[-1]):
            kept.append(AppToken(random_text(40), state.now() + SECONDS))
        ticket = kept[-1]
    data = {"ticket": ticket.value, "expire_in": int(ticket.expires_at - state.now())}
    return jsonify({"code": 0, "msg": "ok", "data": data})
