"""Guards that views put in front of themselves: API tokens, https, JSON bodies, list limits."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.config.settings import Settings
from app.core.errors import RefusedError, RequestError
from app.pipeline.api_tokens import Caller, find_caller
from app.pipeline.bans import WRONG_TOKEN, note_refused
from app.pipeline.services import Services
from app.security.strict_json import parse_json_object
from app.web.callbacks.reading import bearer_of, client_address, is_secure, read_body
from app.web.domain_files import DOMAIN_FILES
from app.web.errors import error_response
from app.web.openapi.described import SCOPE_ATTRIBUTE
from app.web.probe import PROBE

P = ParamSpec("P")
R = TypeVar("R")
PLAIN_HTTP_PATHS = ("/healthz", "/readyz", "/metrics")
PLAIN_HTTP_BLUEPRINTS = (DOMAIN_FILES, PROBE)
"""A platform that looks for such a file follows no redirect; what is in it is for everybody. The probe tells whether https arrives."""

API_BODY_BYTES = 65_536
MAX_PAGE = 200


def require_token(services: Services, scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only callers with a management API token of that scope through; it is left in `g.api_token`."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.api_token = check_token(services, scope)
            return view(*args, **kwargs)

        setattr(guarded, SCOPE_ATTRIBUTE, scope)
        return guarded

    return decorate


def check_token(services: Services, scope: str) -> Caller:
    """Return whose token the request carries; raises RefusedError 401 or 403."""
    found = caller_of_header(services, request.headers.get("Authorization"))
    if found is None:
        raise no_token(services)
    found.require(scope)
    return found


def no_token(services: Services) -> RefusedError:
    """Return the refusal of a request without a right token, and count it."""
    note_wrong_token(services)
    return RefusedError(
        "unauthorized",
        "Send `Authorization: Bearer <token>` with a token from API_TOKENS, the channels file or `flask api-tokens create`.",
        http_status=401,
    )


def caller_of_header(services: Services, header: str | None) -> Caller | None:
    """Return whose token an Authorization header carries, None when it carries none of ours."""
    return find_caller(services, bearer_of(header))


def note_wrong_token(services: Services) -> None:
    """Count a request without a right token against the caller's address."""
    note_refused(
        services, client_address(request.environ, services.settings.trusted_proxies), reason=WRONG_TOKEN
    )


def json_body(*, most: int = API_BODY_BYTES) -> dict[str, Any]:
    """Return the request's JSON object of so many bytes at most; raises RequestError with a sentence that says what is wrong."""
    raw = read_body(request.environ, most)
    try:
        return parse_json_object(raw)
    except ValueError as error:
        raise RequestError("bad_json", f"The body must be one JSON object in UTF-8: {error}.") from error


def known_members(names: Collection[str], *, most: int = API_BODY_BYTES) -> dict[str, Any]:
    """Return the request's JSON object, which may hold these members and no others; null stands for what is not there."""
    found = json_body(most=most)
    if not found.keys() <= set(names):
        raise RequestError("unknown_field", f"The body may hold {', '.join(sorted(names))} and nothing else.")
    return {name: value for name, value in found.items() if value is not None}


def page_size(default: int = 50, *, most: int = MAX_PAGE) -> int:
    """Return the `limit` parameter, 1 to 200 unless said otherwise."""
    text = request.args.get("limit", str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not is_number or not 1 <= int(text) <= most:
        raise RequestError("bad_limit", f"limit must be a number from 1 to {most}.")
    return int(text)


def install_https_rule(app: Flask, settings: Settings) -> None:
    """Refuse plain http where https is forced; the redirect goes to PUBLIC_BASE_URL, never to the request's Host."""
    if not settings.https_is_forced:
        return

    @app.before_request
    def _require_https() -> BaseResponse | Response | None:
        is_plain = request.path in PLAIN_HTTP_PATHS or request.blueprint in PLAIN_HTTP_BLUEPRINTS
        if is_plain or is_secure(request.environ, settings.trusted_proxies):
            return None
        if request.method in ("GET", "HEAD"):
            query = request.query_string.decode("latin-1")
            address = f"{settings.public_base_url}{request.path}" + (f"?{query}" if query else "")
            return redirect(address, code=302)
        return error_response(403, "https_required", "Use https; plain http is refused here (FORCE_HTTPS).")
