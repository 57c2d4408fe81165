"""The guard of every request that changes something with a cookie: token, Origin and Sec-Fetch-Site."""

from __future__ import annotations

from flask import request

from app.core.errors import RefusedError
from app.pipeline.login.sessions import SignedIn
from app.pipeline.services import Services
from app.security.csrf import csrf_token, is_csrf_token
from app.security.outbound import origin_of
from app.web.people.session_cookies import came_by_cookie

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
MAX_FORM = 16_384


def token_of(services: Services, signed_in: SignedIn) -> str:
    """Return the token pages of this session must send back."""
    return csrf_token(services.settings.secret_key, signed_in.sid)


def check_csrf(services: Services, signed_in: SignedIn) -> None:
    """Let a changing request through only when a page of ours meant it; raises RefusedError 403.

    A Bearer token is never sent by a browser on its own, so such a request needs no further proof.
    """
    if not came_by_cookie():
        return
    check_origin(services.settings.public_base_url)
    given = request.headers.get(HEADER) or form_field(FIELD) or ""
    if not is_csrf_token(services.settings.secret_key, signed_in.sid, given):
        raise RefusedError(
            "csrf", f"Send the csrf_token of GET /api/v1/me as {HEADER} header or as form field {FIELD}."
        )


def form_field(name: str) -> str | None:
    """Return a field of a form body, None when there is no form or it is too large."""
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    if not is_form or request.content_length is None or request.content_length > MAX_FORM:
        return None
    return request.form.get(name)


def check_origin(public_base_url: str) -> None:
    """Refuse a request that another site's page sent; raises RefusedError 403.

    Enough by itself where nothing changes that a stranger could profit from (a session's new token, a top-up page).
    The comparison is with the configured address. Pages under Referrer-Policy: no-referrer send their forms with the
    origin "null".
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_foreign = site not in (None, "same-origin", "none")
    is_hidden = origin == "null" and site == "same-origin"
    if is_foreign or not (origin is None or is_hidden or _is_ours(origin, public_base_url)):
        message = f"This request did not come from a page of {public_base_url} (PUBLIC_BASE_URL)."
        raise RefusedError("cross_site", message)


def _is_ours(origin: str, public_base_url: str) -> bool:
    """Compare with every port written out: browsers leave the usual one away, configurations need not."""
    try:
        return origin_of(origin) == origin_of(public_base_url)
    except ValueError:
        return False
