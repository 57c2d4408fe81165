"""Simulated tickets for pages inside WeChat. Protocol: the "JS-SDK" appendix as copied (read 2026-11-28). Adds its route to the blueprint of `api`."""

from __future__ import annotations

from flask import Response, request

from sandbox.platforms.wechat.account import account_error, account_json, token_problem
from sandbox.platforms.wechat.api import blueprint
from sandbox.state import AppToken, current_state, random_text

SHELF = "wechat.jsapi"
SECONDS = 7200


@blueprint.get("/cgi-bin/ticket/getticket", endpoint="js_ticket")
def getticket() -> Response:
    """Hands out a ticket: the same one again while it lives."""
    state = current_state()
    if (problem := token_problem(state)) is not None:
        return account_error(problem)
    if request.args.get("type") != "jsapi":
        return account_error(40053)
    with state.lock:
        kept = state.app_tokens.setdefault(SHELF, [])
        if not kept or not state.is_alive(kept[-1]):
            kept.append(AppToken(random_text(86), state.now() + SECONDS))
        ticket = kept[-1]
    seconds = int(ticket.expires_at - state.now() + 0.5)
    return account_json({"errcode": 0, "errmsg": "ok", "ticket": ticket.value, "expires_in": seconds})
