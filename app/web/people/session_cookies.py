"""The session of a request: found in the cookie or the Authorization header, renewed on use; and its cookies.

Cookie names and attributes depend on PUBLIC_BASE_URL alone, never on the request (RFC 6265bis §4.1.3, `__Host-`).
Browsers share cookies among the ports of a host (RFC 6265 §8.5): a digest in the name keeps two gateways on one host apart.
"""

from __future__ import annotations

import re

from flask import Response, g, request

from app.config.settings import Settings
from app.core.errors import LoginError, StoreUnavailable
from app.pipeline.login.sessions import SessionToken, SignedIn, is_half_used, renew_session, verify_session
from app.pipeline.services import Services
from app.security.session_tokens import MAX_TOKEN_LENGTH
from app.security.signatures import sha256_hex

SESSION = "callgate_session"
LOGIN = "callgate_login"
DIGEST_LENGTH = 8
MOST_LOGIN_COOKIES = 8

_BEARER = re.compile(r"[Bb]earer ([A-Za-z0-9._~+/=-]+)")
_LOGIN_VALUE = re.compile(r"[0-9a-f]{64}")


def signed_in_or_none(services: Services) -> SignedIn | None:
    """Return the session of this request, None when there is none or it is not good (anymore)."""
    try:
        return signed_in(services)
    except LoginError:
        return None


def signed_in(services: Services) -> SignedIn:
    """Return the session of this request; raises LoginError 401.

    An Authorization header decides alone: a broken one is not made good by a cookie beside it. Basic credentials
    are those of a proxy in front and say nothing about a session.
    """
    if "signed_in" not in g:
        header = request.headers.get("Authorization")
        by_header = header is not None and not header.startswith("Basic ")
        token = _bearer(header or "") if by_header else _only_cookie(cookie_name(services.settings, SESSION))
        g.signed_in = verify_session(services, token or "")
        g.signed_in_by_cookie = not by_header
    found: SignedIn = g.signed_in
    return found


def came_by_cookie() -> bool:
    """Say whether the session of this request was proven by what browsers send by themselves."""
    return bool(g.get("signed_in_by_cookie", False))


def login_cookies(settings: Settings) -> list[str]:
    """Return this browser's login cookies that are ours, at most MOST_LOGIN_COOKIES.

    A browser has one; it has more when several tabs without any started at the same moment.
    """
    begins = cookie_name(settings, LOGIN)
    names = [name for name in request.cookies if name == begins or name.startswith(f"{begins}_")]
    values = [_only_cookie(name) for name in names]
    return [value for value in values if value and _LOGIN_VALUE.fullmatch(value)][:MOST_LOGIN_COOKIES]


def set_session_cookie(settings: Settings, response: Response, token: SessionToken) -> None:
    """Hand the browser its session, and stop the renewal at the end of this request."""
    _set(settings, response, cookie_name(settings, SESSION), token.text, token.expires_in)
    g.session_cookie_is_set = True


def set_login_cookie(settings: Settings, response: Response, value: str) -> None:
    """Hand the browser its login cookie for as long as a login may take.

    A part of the value is in the name, so that of two first starts at once neither takes the other's place.
    """
    name = f"{cookie_name(settings, LOGIN)}_{value[:DIGEST_LENGTH]}"
    _set(settings, response, name, value, settings.flow_ttl)


def clear_session_cookie(settings: Settings, response: Response) -> None:
    """Take the session away from the browser."""
    _set(settings, response, cookie_name(settings, SESSION), "", 0)
    g.session_cookie_is_set = True


def renew_cookie(services: Services, response: Response) -> Response:
    """Renew a session cookie whose token is more than half used; runs after every request that used a session."""
    proven: SignedIn | None = g.get("signed_in")
    if proven is None or not came_by_cookie() or g.get("session_cookie_is_set"):
        return response
    response.vary.add("Cookie")
    if is_half_used(services, proven):
        try:
            set_session_cookie(services.settings, response, renew_session(services, proven))
        except LoginError:
            clear_session_cookie(services.settings, response)
        except StoreUnavailable:
            # The token at hand is still good; the next request tries again.
            return response
    return response


def keep_private(response: Response) -> Response:
    """Keep an answer that depends on the session out of every shared cache."""
    if response.cache_control.public:
        return response
    response.headers.setdefault("Cache-Control", "no-store")
    response.vary.update(("Cookie", "Authorization"))
    return response


def cookie_name(settings: Settings, name: str) -> str:
    """Return a cookie's full name: this gateway's own, and on https one that no other host or path can set."""
    own = f"{name}_{sha256_hex(settings.public_base_url.encode())[:DIGEST_LENGTH]}"
    return f"__Host-{own}" if settings.is_https else own


def _bearer(header: str) -> str | None:
    if len(header) > MAX_TOKEN_LENGTH + 7:
        return None
    match = _BEARER.fullmatch(header)
    return match[1] if match else None


def _only_cookie(name: str) -> str | None:
    """Return a cookie that was sent once; of two that differ nobody knows which one is ours."""
    values = set(request.cookies.getlist(name))
    return values.pop() if len(values) == 1 else None


def _set(settings: Settings, response: Response, name: str, value: str, max_age: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
    )
