"""Simulated tickets for pages inside WeCom, the company's and the application's. Protocol: page 90506 (read 2026-11-28)."""

from __future__ import annotations

from flask import Response, request

from sandbox.platforms.wecom.api import answer_error, blueprint, token_problem
from sandbox.state import AppToken, current_state, random_text
from sandbox.tencent_answers import answer

SHELVES = {"company": "wecom.jsapi", "application": "wecom.agent_config"}
SECONDS = 7200


@blueprint.get("/cgi-bin/get_jsapi_ticket", endpoint="js_ticket")
def company_ticket() -> Response:
    """Hands out the company's ticket."""
    return _ticket(SHELVES["company"])


@blueprint.get("/cgi-bin/ticket/get", endpoint="agent_ticket")
def application_ticket() -> Response:
    """Hands out the application's ticket."""
    return (
        _ticket(SHELVES["application"]) if request.args.get("type") == "agent_config" else answer_error(40058)
    )


def _ticket(shelf: str) -> Response:
    state = current_state()
    if (problem := token_problem(state)) is not None:
        return answer_error(problem)
    with state.lock:
        kept = state.app_tokens.setdefault(shelf, [])
        if not kept or not state.is_alive(kept[-1]):
            kept.append(AppToken(random_text(86), state.now() + SECONDS))
        ticket = kept[-1]
    return answer({"ticket": ticket.value, "expires_in": int(ticket.expires_at - state.now() + 0.5)})
