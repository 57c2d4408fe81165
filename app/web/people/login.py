"""The login routes (CONTRACT §7): start, return, logout, link, unlink. What they decide is in the pipeline."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import MethodNotAllowed

from app.config.settings import Settings
from app.core.code_pages import ScriptedLogin
from app.core.errors import CallgateError, RequestError
from app.core.ports import LoginProvider, PostedReturn
from app.core.states import FlowMode
from app.pipeline.channels import redirect_uri
from app.pipeline.login.finish import LoginReturn, finish_login, return_parameters
from app.pipeline.login.linking import own_identity, unlink_identity
from app.pipeline.login.return_query import MAX_QUERY, posted_parameters, query_pairs
from app.pipeline.login.sessions import log_out
from app.pipeline.login.start import StartRequest, start_flow
from app.pipeline.services import Services
from app.security.return_urls import in_ascii, is_safe_return_url
from app.web.callbacks.reading import client_address, read_body
from app.web.errors import trace_id
from app.web.openapi.described import HTML, JSON, Answer, Proof, described, query
from app.web.openapi.words import TEXT, one_of, text, thing
from app.web.people.code_page import add_code_page
from app.web.people.csrf import check_csrf, check_origin, form_field, token_of
from app.web.people.login_errors import answer_login_error, popup_page, see_other
from app.web.people.public_address import moved_to_public
from app.web.people.session_cookies import (
    clear_session_cookie,
    keep_private,
    login_cookies,
    set_login_cookie,
    set_session_cookie,
    signed_in,
    signed_in_or_none,
)
from app.web.people.visits import refuse_what_is_no_visit

ONLY_GET = ["GET"]
HOME = "/"


ABOUT = "Logins"
STARTED = thing("StartedLogin", authorize_url=TEXT)
LOGIN_REFUSED = {
    400: "access_denied bad_callback bad_code bad_mode bad_page bad_return_url invalid_state login_expired "
    "login_refused repeated_parameter session_changed wrong_issuer *",
    401: "login_required *",
    403: "not_a_visit no_prefetch person_disabled cross_site csrf *",
    404: "unknown_channel *",
    409: "identity_taken last_identity *",
    502: "upstream_unavailable *",
    503: "login_under_way *",
}
SEEN_BY_BROWSER = (Answer(HTML), Answer(JSON, STARTED))
START_QUERY = (
    query("next", "Where the person goes afterwards.", text(most=2000)),
    query("mode", "How the browser wants the result.", one_of(FlowMode)),
    query("error_to", "Where a failure is told.", text(most=2000)),
    query("page", "Which login page, where a channel has several.", text(most=32)),
)
TELLS_START = described(
    ABOUT,
    {200: SEEN_BY_BROWSER, 302: None, 303: None},
    query=START_QUERY,
    refusals=LOGIN_REFUSED,
    proof=Proof.NONE,
)
TELLS_UNLINK = described(
    "Sessions",
    {204: None, 303: None},
    refusals={
        401: "login_required",
        403: "csrf cross_site",
        404: "unknown_identity",
        409: "last_identity",
    },
    proof=Proof.SESSION,
)


def login_blueprint(services: Services) -> Blueprint:
    """Return the routes under /oauth and the one that unlinks."""
    blueprint = Blueprint("login", __name__)
    settings = services.settings
    blueprint.before_request(_refuse_head)
    blueprint.after_request(keep_private)
    blueprint.register_error_handler(CallgateError, lambda error: answer_login_error(services, error))

    @blueprint.route("/oauth/<channel>/start", methods=ONLY_GET, provide_automatic_options=False)
    @TELLS_START
    def start(channel: str) -> Response:
        """Send the browser to the platform, or tell a script where to send it."""
        query = {name: _query_value(name) for name in ("next", "mode", "error_to", "page")}
        if (moved := moved_to_public(settings, query)) is not None:
            return moved
        wanted = _start_request(settings, channel, query)
        refuse_what_is_no_visit(may_be_script=wanted.mode is FlowMode.JSON)
        started = start_flow(services, wanted)
        return _started(
            settings, started.authorize_url, started.browser, as_json=wanted.mode is FlowMode.JSON
        )

    @blueprint.route("/oauth/<channel>/callback", methods=ONLY_GET, provide_automatic_options=False)
    @described(ABOUT, {200: Answer(HTML), 303: None}, refusals=LOGIN_REFUSED, proof=Proof.NONE)
    def login_return(channel: str) -> Response:
        """Take the browser back from the platform."""
        refuse_what_is_no_visit()
        _refuse_body()
        result = finish_login(services, _returned(services, channel))
        is_popup = result.mode is FlowMode.POPUP
        response = popup_page(services, result.next) if is_popup else see_other(result.next)
        if result.token is not None:
            set_session_cookie(settings, response, result.token)
        return response

    _add_posted_return(blueprint, services)
    _add_session_routes(blueprint, services)
    return blueprint


def _add_posted_return(blueprint: Blueprint, services: Services) -> None:
    @blueprint.route("/oauth/<channel>/callback", methods=["POST"], provide_automatic_options=False)
    @described(ABOUT, {303: None}, refusals=LOGIN_REFUSED | {405: "method_not_allowed"}, proof=Proof.NONE)
    def posted(channel: str) -> Response:
        """Send a return that came as a POST once more, as a GET: only then does the browser's cookie come along."""
        return see_other(_same_address_by_get(services, channel))


def _add_session_routes(blueprint: Blueprint, services: Services) -> None:
    settings = services.settings
    add_code_page(blueprint, services)

    @blueprint.post("/oauth/<channel>/link")
    @described(ABOUT, {200: Answer(JSON, STARTED), 303: None}, refusals=LOGIN_REFUSED, proof=Proof.SESSION)
    def link(channel: str) -> Response:
        """Start adding another account to the one that is logged in."""
        current = signed_in(services)
        check_csrf(services, current)
        wanted = _start_request(
            settings, channel, {name: form_field(name) for name in ("next", "mode", "page")}
        )
        started = start_flow(services, wanted, linker=current)
        return _started(settings, started.authorize_url, started.browser, as_json=_wants_json(wanted))

    @blueprint.post("/oauth/logout")
    @described(ABOUT, {204: None, 303: None}, refusals={403: "csrf cross_site"}, proof=Proof.SESSION)
    def logout() -> Response:
        """End the session; who has none is logged out already."""
        current = signed_in_or_none(services)
        check_origin(settings.public_base_url)
        response = see_other(_safe_next(settings)) if _is_form() else make_response("", 204)
        if current is None:
            # Nothing is cleared either: another site's form comes without the cookie, and must not remove it.
            return response
        check_csrf(services, current)
        log_out(services, current, trace_id=trace_id())
        clear_session_cookie(settings, response)
        return response

    _add_account_routes(blueprint, services)


def _add_account_routes(blueprint: Blueprint, services: Services) -> None:
    settings = services.settings

    @blueprint.get("/oauth/done")
    def done() -> str:
        """Show who is logged in: where a login lands that wants a page without any script."""
        current = signed_in_or_none(services)
        if current is None:
            return render_template("login_result.html", signed_in=False)
        identity = own_identity(services, current, current.session.identity_id)
        channel = services.channels.get(identity.channel)
        return render_template(
            "login_result.html",
            signed_in=True,
            csrf_token=token_of(services, current),
            name=identity.known.name,
            platform=identity.channel if channel is None else _(channel.title),
        )

    @blueprint.post("/api/v1/me/identities/<identity_id>/unlink")
    @TELLS_UNLINK
    def unlink(identity_id: str) -> Response:
        """Take one of the user's accounts away."""
        current = signed_in(services)
        check_csrf(services, current)
        unlink_identity(services, current, identity_id, trace_id=trace_id())
        return see_other(_safe_next(settings)) if _is_form() else make_response("", 204)


def _start_request(settings: Settings, channel: str, query: Mapping[str, str | None]) -> StartRequest:
    wanted_next, mode = query.get("next"), query.get("mode")
    if mode is not None and mode not in tuple(FlowMode):
        raise RequestError("bad_mode", "mode must be redirect, popup or json.")
    return StartRequest(
        channel=channel,
        next=HOME if wanted_next is None else wanted_next,
        mode=FlowMode.REDIRECT if mode is None else FlowMode(mode),
        browser=next(iter(login_cookies(settings)), None),
        remote_addr=client_address(request.environ, settings.trusted_proxies),
        user_agent=request.headers.get("User-Agent", ""),
        error_to=query.get("error_to"),
        page=query.get("page"),
    )


def _returned(services: Services, channel: str) -> LoginReturn:
    settings = services.settings
    return LoginReturn(
        channel=channel,
        query_string=request.query_string,
        browsers=login_cookies(settings),
        signed_in=signed_in_or_none(services),
        remote_addr=client_address(request.environ, settings.trusted_proxies),
        trace_id=trace_id(),
    )


def _same_address_by_get(services: Services, channel_name: str) -> str:
    """Return the registered address with what was posted as its query; MethodNotAllowed where nobody posts."""
    channel = services.channels.get(channel_name)
    is_scripted = channel is not None and channel.as_capability(ScriptedLogin) is not None
    is_posted = channel is not None and channel.as_capability(PostedReturn) is not None
    if channel is None or not (is_scripted or is_posted) or not _is_form():
        raise MethodNotAllowed(valid_methods=ONLY_GET)
    if not is_posted:
        # The page that posts is ours, and nobody else's may.
        check_origin(services.settings.public_base_url)
    _, provider = services.channels.with_capability(channel_name, LoginProvider)
    form = read_body(request.environ, MAX_QUERY)
    query = posted_parameters(form, provider.code_parameters, return_parameters(channel))
    return f"{redirect_uri(services.settings, channel)}?{query}"


def _query_value(name: str) -> str | None:
    """Return a query parameter that is there once; raises RequestError for a repeated one."""
    values = [value for key, value in query_pairs(request.query_string) if key == name]
    if len(values) > 1:
        raise RequestError("repeated_parameter", f"{name} is given twice.")
    return values[0] if values else None


def _started(settings: Settings, authorize_url: str, browser: str, *, as_json: bool) -> Response:
    response = jsonify({"authorize_url": authorize_url}) if as_json else see_other(authorize_url)
    set_login_cookie(settings, response, browser)
    return response


def _refuse_head() -> None:
    """HEAD would do what GET does; here that means spending a login."""
    if request.method == "HEAD":
        raise MethodNotAllowed(valid_methods=ONLY_GET)


def _refuse_body() -> None:
    if request.content_length or "Transfer-Encoding" in request.headers:
        raise RequestError("bad_callback", "A login callback has no body; start again.")


def _safe_next(settings: Settings) -> str:
    """Return where a form wants to go when that is allowed, the front page otherwise."""
    wanted = form_field("next") or ""
    return in_ascii(wanted) if is_safe_return_url(wanted, settings.return_urls) else HOME


def _wants_json(wanted: StartRequest) -> bool:
    """A form is a person's and gets a redirect, unless its script asks for the address."""
    return wanted.mode is FlowMode.JSON or not _is_form()


def _is_form() -> bool:
    return request.mimetype == "application/x-www-form-urlencoded"
