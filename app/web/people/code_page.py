"""The page inside a platform's app on which that platform's script hands out the login code (DingTalk's 免登).

The script is a stranger's and runs only here, only where a channel says so. What the page posts is judged like every return.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _

from app.core.code_pages import CodeScript
from app.core.states import FlowMode
from app.pipeline.login.code_pages import started_script
from app.pipeline.login.return_query import query_pairs
from app.pipeline.services import Services
from app.web.people.login_errors import let_opener_hear
from app.web.people.session_cookies import login_cookies
from app.web.people.visits import refuse_what_is_no_visit
from app.web.security_headers import content_security_policy


def add_code_page(blueprint: Blueprint, services: Services) -> None:
    """Add the page to the login routes."""

    @blueprint.route("/oauth/<channel>/code", methods=["GET"], provide_automatic_options=False)
    def code_page(channel: str) -> Response:
        """Show the page of a login that this browser started."""
        refuse_what_is_no_visit()
        states = [value for name, value in query_pairs(request.query_string) if name == "state"]
        state = states[0] if len(states) == 1 else None
        found = started_script(
            services, channel_name=channel, state=state, browsers=login_cookies(services.settings)
        )
        page = render_template(
            "code_page.html",
            action=f"/oauth/{found.channel.name}/callback",
            state=state,
            code_name=found.code_name,
            script=found.script,
            parameters=json.dumps(dict(found.script.parameters)),
            channel_title=_(found.channel.title),
        )
        response = make_response(page)
        if found.flow.mode is FlowMode.POPUP:
            let_opener_hear(response, found.flow.next)
        return _with_script(services, response, found.script)


def _with_script(services: Services, response: Response, script: CodeScript) -> Response:
    """Let the page run this one script besides ours, and tell nobody else its address, which holds the state."""
    policy = content_security_policy(services)
    response.headers["Content-Security-Policy"] = f"{policy}; script-src 'self' {script.address}"
    # With no-referrer the form would come with the origin "null", which older apps do not explain by Sec-Fetch-Site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
