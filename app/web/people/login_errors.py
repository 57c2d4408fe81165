"""How a login that does not finish is told: to the program that sent the browser, to the page that waits, or to the person.

Nothing from the request is repeated but addresses that have been judged by RETURN_URLS.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from app.core.errors import CallgateError
from app.core.states import FlowMode, FlowPurpose
from app.pipeline.login.return_query import query_pairs
from app.pipeline.login.start import find_own_flow
from app.pipeline.services import Services
from app.security.return_urls import in_ascii, is_safe_return_url, origin_to_tell, with_parameters
from app.web.errors import answer_callgate_error
from app.web.languages import current_language
from app.web.people.session_cookies import login_cookies
from app.web.security_headers import OPENER_POLICY
from app.wire.logins.sentences import in_chinese

NOT_FOUND = 404
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known about a login that failed; all of it is safe to use again."""

    next: str | None = None
    mode: FlowMode = FlowMode.REDIRECT
    error_to: str | None = None
    is_link: bool = False


def answer_login_error(services: Services, error: CallgateError) -> Response:
    """Answer an error of the login routes.

    1. A program that named `error_to` gets the browser back there, with the word and the trace id.
    2. People get a page, with a way to start the same login again; in a popup it tells the page that waits.
    3. Everybody else gets JSON.
    """
    response = answer_callgate_error(error)
    attempt = _attempt(services, response.status_code)
    shown = response.get_json()
    if attempt.error_to is not None:
        told = {"error": shown["error"], "trace_id": shown["trace_id"]}
        return see_other(with_parameters(attempt.error_to, told))
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) != "text/html":
        return response
    in_popup = attempt.mode is FlowMode.POPUP
    response.set_data(
        render_template(
            "login_error.html",
            error=shown["error"],
            message=_for_reader(str(shown["message"])),
            trace_id=shown["trace_id"],
            start_again=None if response.status_code == NOT_FOUND else _start_again(attempt),
            back=attempt.next if attempt.is_link else None,
            origin=_origin(services, attempt) if in_popup else None,
        )
    )
    response.mimetype = "text/html"
    if in_popup:
        let_opener_hear(response, attempt.next or "/")
    return response


def _for_reader(message: str) -> str:
    """Return a sentence in the reader's language; what has something filled in is in no catalogue."""
    is_chinese = current_language().locale.startswith("zh")
    return (in_chinese(message, _) if is_chinese else None) or _(message)


def popup_page(services: Services, next_address: str) -> Response:
    """Return the page that ends a popup and tells the page that waits."""
    origin = origin_to_tell(next_address, services.settings.public_base_url)
    response = make_response(render_template("popup_done.html", origin=origin))
    let_opener_hear(response, next_address)
    return response


def let_opener_hear(response: Response, next_address: str) -> None:
    """Keep a popup's page connected to the page that waits for it.

    A page of another origin hears of the end through window.opener, which any stricter policy would cut off; our own
    pages hear of it through a channel of this origin (static/popup.js).
    """
    is_ours = next_address.startswith("/")
    response.headers[OPENER_POLICY] = "same-origin-allow-popups" if is_ours else "unsafe-none"


def see_other(address: str) -> Response:
    """Redirect with 303, to exactly this address."""
    response = make_response("", 303)
    response.headers["Location"] = address
    return response


def _attempt(services: Services, status: int) -> Attempt:
    """Return what is known about the login: from the start's own query, or from what the return's state belongs to."""
    try:
        query = dict(query_pairs(request.query_string))
        if request.endpoint == "login.start":
            return _started(services, query)
        # A flood must not cost a look into the store as well.
        if request.endpoint == "login.login_return" and status != TOO_MANY_REQUESTS:
            return _returned(services, query.get("state"))
    except CallgateError:
        pass
    return Attempt()


def _started(services: Services, query: dict[str, str]) -> Attempt:
    mode = query.get("mode")
    if mode == FlowMode.JSON:
        return Attempt()
    return Attempt(
        _allowed(services, query.get("next")),
        FlowMode.POPUP if mode == FlowMode.POPUP else FlowMode.REDIRECT,
        _allowed(services, query.get("error_to")),
    )


def _returned(services: Services, state: str | None) -> Attempt:
    channel = str((request.view_args or {}).get("channel"))
    flow = find_own_flow(services, state=state, channel=channel, browsers=login_cookies(services.settings))
    if flow is None:
        return Attempt()
    return Attempt(flow.next, flow.mode, flow.error_to, flow.purpose is FlowPurpose.LINK)


def _allowed(services: Services, address: str | None) -> str | None:
    is_safe = address is not None and is_safe_return_url(address, services.settings.return_urls)
    return in_ascii(address) if is_safe and address is not None else None


def _start_again(attempt: Attempt) -> str | None:
    """Return the address that starts the same login again; a link starts from its own page."""
    channel = (request.view_args or {}).get("channel")
    if channel is None or attempt.is_link:
        return None
    query = {} if attempt.next is None else {"next": attempt.next}
    if attempt.mode is FlowMode.POPUP:
        query["mode"] = attempt.mode.value
    address = f"/oauth/{quote(str(channel), safe='')}/start"
    return f"{address}?{urlencode(query, safe='/')}" if query else address


def _origin(services: Services, attempt: Attempt) -> str:
    return origin_to_tell(attempt.next or "/", services.settings.public_base_url)
