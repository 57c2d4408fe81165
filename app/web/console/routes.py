"""The console's blueprint: the guard in front, every page behind it, and what all of its pages are given."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request

from app.core.errors import CallgateError
from app.core.roles import Role
from app.pipeline.services import Services
from app.web.console.access import form_token, guard, operator_or_none
from app.web.console.account import add_account
from app.web.console.api_tokens import add_api_tokens
from app.web.console.app_tokens import add_app_tokens
from app.web.console.audit import add_audit
from app.web.console.bans import add_bans
from app.web.console.bind_codes import add_bind_codes
from app.web.console.bodies import masked_text, shown_text
from app.web.console.channels import add_channels
from app.web.console.dead_letters import add_dead_letters
from app.web.console.destinations import add_destinations
from app.web.console.event import add_event
from app.web.console.events import add_events
from app.web.console.identities import add_identities
from app.web.console.listing import page_link
from app.web.console.live import add_live
from app.web.console.menu import menu_for
from app.web.console.messages import add_messages
from app.web.console.notifications import add_notifications
from app.web.console.overview import add_overview
from app.web.console.people import add_people
from app.web.console.rejections import add_rejections
from app.web.console.replay import add_replay
from app.web.console.settings import add_settings
from app.web.console.signing_in import add_signing_in
from app.web.console.sources import add_sources
from app.web.console.views import add_views
from app.web.console.words import explain, what_was_done
from app.web.error_pages import wants_page
from app.web.errors import answer_callgate_error, trace_id
from app.web.people.session_cookies import keep_private

PAGES = (
    add_overview,
    add_events,
    add_event,
    add_replay,
    add_rejections,
    add_dead_letters,
    add_destinations,
    add_audit,
    add_messages,
    add_notifications,
    add_identities,
    add_bind_codes,
    add_channels,
    add_sources,
    add_app_tokens,
    add_api_tokens,
    add_settings,
    add_bans,
    add_people,
    add_account,
    add_views,
    add_live,
)
"""Each adds the routes of one page, or of a few that belong together."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def console_blueprint(services: Services) -> Blueprint:
    """Return everything under /console."""
    blueprint = Blueprint("console", __name__, url_prefix="/console")
    guard(blueprint, services)
    add_signing_in(blueprint, services)
    for add in PAGES:
        add(blueprint, services)
    blueprint.context_processor(lambda: _for_pages(services))
    blueprint.register_error_handler(CallgateError, _problem)
    blueprint.after_request(_finish)
    return blueprint


def _for_pages(services: Services) -> dict[str, Any]:
    """Return what the frame around every page shows."""
    operator = operator_or_none(services)
    if operator is None:
        return {"operator": None}
    return {
        "operator": operator,
        "may": lambda role: operator.role.includes(Role(role)),
        "menu": menu_for(operator.role),
        "csrf": form_token(services, operator),
        "page_link": page_link,
        "shown": shown_text,
        "masked": masked_text,
        "done": what_was_done(request.args.get("done", "")),
        "app_env": services.settings.app_env,
        "gateway": services.settings.public_base_url.partition("://")[2],
    }


def _problem(error: CallgateError) -> Response:
    """Say what went wrong on a page with the way back; a script gets the JSON of errors.py."""
    answer = answer_callgate_error(error)
    is_form = request.method == "POST" and "text/html" in request.headers.get("Accept", "")
    if g.get("operator") is None or not (wants_page() or is_form):
        return answer
    page = make_response(
        render_template(
            "console/problem.html", sentence=explain(error), status=answer.status_code, trace_id=trace_id()
        ),
        answer.status_code,
    )
    if error.retry_after is not None:
        page.headers["Retry-After"] = str(error.retry_after)
    return page


def _finish(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Robots-Tag", "noindex")
    return keep_private(response)
