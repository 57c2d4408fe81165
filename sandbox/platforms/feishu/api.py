"""Simulated Feishu: login page, token endpoint v3, user info, tenant tokens.

Protocol: open.feishu.cn, "Get authorization code", "Get user_access_token", "Refresh", "Get user info" and
"Custom app gets tenant_access_token" (read 2026-11-20). Token errors are HTTP 400 with a code, tenant
token errors are HTTP 200 with a code. Message sending is in `messages`.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.people import Person
from sandbox.pkce import pkce_holds
from sandbox.platforms.feishu import people
from sandbox.state import AppToken, Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("feishu", __name__, url_prefix="/feishu")

TENANT_KEY = "736588c9260f175e"
SAME_TOKEN_ABOVE = 30 * 60
CONSENT_DAYS = 365

LIFETIMES = {"code": 300, "access_token": 7200, "refresh_token": 604_800, "tenant_token": 7200}

EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (400, {"code": 99991677, "msg": "Authentication token expired"}),
    "send_message": (400, {"code": 99991663, "msg": "Invalid access token for authorization"}),
}

# code -> (HTTP status, RFC 6749 word, description)
TOKEN_ERRORS: dict[int, tuple[int, str, str]] = {
    20001: (400, "invalid_request", "The request is missing a required parameter."),
    20002: (400, "invalid_client", "The client secret is invalid."),
    20003: (400, "invalid_grant", "The authorization code is not found."),
    20004: (400, "invalid_grant", "The authorization code has expired."),
    20024: (400, "invalid_grant", "The authorization code or refresh token belongs to another app."),
    20026: (400, "invalid_grant", "The refresh token is invalid."),
    20036: (400, "unsupported_grant_type", "The grant type is not supported."),
    20037: (400, "invalid_grant", "The refresh token has expired."),
    20048: (400, "invalid_client", "The app does not exist."),
    20049: (400, "invalid_grant", "The PKCE code challenge failed."),
    20063: (400, "invalid_request", "The request is malformed."),
    20064: (400, "invalid_grant", "The refresh token has been revoked."),
    20065: (400, "invalid_grant", "The authorization code has been used."),
    20067: (400, "invalid_scope", "The scope list contains duplicates."),
    20068: (400, "invalid_scope", "The scope was not granted by the user."),
    20070: (400, "invalid_request", "Multiple client authentication methods were used."),
    20071: (400, "invalid_grant", "The redirect_uri does not match."),
    20073: (400, "invalid_grant", "The refresh token has been used."),
}


class TokenError(Exception):
    """Carries the error code of the token endpoint to its one handler."""

    def __init__(self, code: int) -> None:
        """Remembers the code."""
        super().__init__(code)
        self.code = code


@blueprint.get("/open-apis/authen/v1/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    settings = current_state().settings
    query = request.args
    if query.get("client_id") != settings["FEISHU_APP_ID"]:
        return problem_page("client_id", "20048", "The app does not exist.")
    if query.get("response_type") != "code":
        return problem_page("response_type", "20001", "response_type must be code.")
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page("redirect_uri", "20029", "The redirect address is not on the app's list.")
    if len(query.get("scope", "").split()) > 50:
        return problem_page("scope", "20027", "More than 50 scopes.")
    method = query.get("code_challenge_method", "plain")
    if query.get("code_challenge") and method not in ("plain", "S256"):
        return problem_page("code_challenge_method", "20001", "Only S256 and plain are known.")
    return ask(
        AuthorizeRequest(
            platform="feishu",
            client_id=settings["FEISHU_APP_ID"],
            redirect_uri=query["redirect_uri"],
            scope=query.get("scope", ""),
            state=query.get("state"),
            code_challenge=query.get("code_challenge"),
            code_challenge_method=method,
        )
    )


@blueprint.post("/oauth/v3/token")
def token() -> Response:
    """Exchanges a code or a refresh token."""
    state = current_state()
    try:
        fields = _token_fields()
        _check_client(state, fields)
        with state.lock:
            if fields["grant_type"] == "authorization_code":
                issued = _redeem_code(state, fields)
            else:
                issued = _rotate(state, fields)
            scope = _narrowed(issued, fields.get("scope"))
            issued.used = True
            return _tokens(state, issued.grant, scope)
    except TokenError as error:
        status, word, text = TOKEN_ERRORS[error.code]
        return _json({"code": error.code, "error": word, "error_description": text}, status)


@blueprint.post("/oauth/v1/revoke")
def revoke() -> Response:
    """Revokes one access or refresh token."""
    state = current_state()
    fields = _token_fields_or_none() or {}
    try:
        _check_client(state, {**fields, "grant_type": "refresh_token"})
    except TokenError as error:
        status, word, text = TOKEN_ERRORS[error.code]
        return _json({"code": error.code, "error": word, "error_description": text}, status)
    hint = fields.get("token_type_hint", "access_token")
    shelves = {"access_token": state.access_tokens, "refresh_token": state.refresh_tokens}
    if hint not in shelves:
        return _json({"code": 20063, "error": "unsupported_token_type"}, 400)
    with state.lock:
        found = shelves[hint].get(fields.get("token", ""))
        if found is not None and found.grant.platform == "feishu":
            found.revoked = True
    return _json({"code": 0})


@blueprint.get("/open-apis/authen/v1/user_info")
def user_info() -> Response:
    """Returns the signed-in person, as far as the granted scopes go."""
    state = current_state()
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer "):
        return api_error(99991661, "Missing access token for authorization.")
    found = state.access_tokens.get(header.removeprefix("Bearer "))
    if found is None or found.grant.platform != "feishu" or found.revoked:
        return api_error(99991668, "Invalid access token for authorization.")
    if not state.is_alive(found):
        return api_error(99991677, "Authentication token expired.")
    return _json({"code": 0, "msg": "success", "data": _profile(state, found.grant.person, found.scope)})


@blueprint.post("/open-apis/auth/v3/tenant_access_token/internal", strict_slashes=False)
def tenant_token() -> Response:
    """Hands out the app's own token; the same one while at least 30 minutes are left."""
    return _app_token_answer(with_app_token=False)


@blueprint.post("/open-apis/auth/v3/app_access_token/internal")
def app_token() -> Response:
    """Hands out the same token under its other name too."""
    return _app_token_answer(with_app_token=True)


def refusal(status: int) -> Response | None:
    """Answers a wrong path or method with plain text, which a client must survive."""
    return Response("404 page not found", status=404, mimetype="text/plain") if status in (404, 405) else None


def api_error(code: int, message: str, status: int = 400) -> Response:
    """Answers as the API gateway in front of all calls does."""
    log_id = secrets.token_hex(16)
    return _json({"code": code, "msg": message, "error": {"log_id": log_id, "troubleshooter": ""}}, status)


def bearer_is_tenant_token() -> Response | None:
    """Returns an error unless the request carries a living tenant token."""
    state = current_state()
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer "):
        return api_error(99991661, "Missing access token for authorization.")
    value = header.removeprefix("Bearer ")
    known = state.app_tokens.get("feishu", [])
    if any(token.value == value and state.is_alive(token) for token in known):
        return None
    return api_error(99991663, "Invalid access token for authorization.")


def _app_token_answer(*, with_app_token: bool) -> Response:
    state = current_state()
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not body.get("app_id") or not body.get("app_secret"):
        return _json({"code": 10003, "msg": "invalid param"})
    expected = (state.settings["FEISHU_APP_ID"], state.settings["FEISHU_APP_SECRET"])
    if (body["app_id"], body["app_secret"]) != expected:
        return _json({"code": 10014, "msg": "app secret invalid"})
    with state.lock:
        kept = state.app_tokens.setdefault("feishu", [])
        if not kept or kept[-1].revoked or kept[-1].expires_at - state.now() < SAME_TOKEN_ABOVE:
            lifetime = state.lifetimes["feishu.tenant_token"]
            kept.append(AppToken("t-" + random_text(40), state.now() + lifetime))
        current = kept[-1]
    answer: dict[str, Any] = {"code": 0, "msg": "ok", "tenant_access_token": current.value}
    if with_app_token:
        answer["app_access_token"] = current.value
    answer["expire"] = int(current.expires_at - state.now())
    return _json(answer)


def _token_fields_or_none() -> dict[str, str] | None:
    if request.mimetype == "application/json":
        body = request.get_json(silent=True)
        return {name: str(value) for name, value in body.items()} if isinstance(body, dict) else None
    return request.form.to_dict()


def _token_fields() -> dict[str, str]:
    fields = _token_fields_or_none()
    if fields is None:
        raise TokenError(20063)
    if request.authorization is not None and fields.get("client_secret"):
        raise TokenError(20070)
    if not fields.get("grant_type"):
        raise TokenError(20001)
    if fields["grant_type"] not in ("authorization_code", "refresh_token"):
        raise TokenError(20036)
    return fields


def _check_client(state: SandboxState, fields: dict[str, str]) -> None:
    if not fields.get("client_id") or not fields.get("client_secret"):
        raise TokenError(20001)
    if fields["client_id"] != state.settings["FEISHU_APP_ID"]:
        raise TokenError(20048)
    if fields["client_secret"] != state.settings["FEISHU_APP_SECRET"]:
        raise TokenError(20002)


def _redeem_code(state: SandboxState, fields: dict[str, str]) -> Issued:
    if not fields.get("code"):
        raise TokenError(20001)
    code = state.codes.get(fields["code"])
    if code is None or code.grant.platform != "feishu":
        raise TokenError(20003)
    if code.used:
        raise TokenError(20065)
    if not state.is_alive(code):
        raise TokenError(20004)
    if "redirect_uri" in fields and fields["redirect_uri"] != code.grant.redirect_uri:
        raise TokenError(20071)
    if not pkce_holds(code.grant, fields.get("code_verifier")):
        raise TokenError(20049)
    return code


def _rotate(state: SandboxState, fields: dict[str, str]) -> Issued:
    if not fields.get("refresh_token"):
        raise TokenError(20001)
    found = state.refresh_tokens.get(fields["refresh_token"])
    if found is None or found.grant.platform != "feishu":
        raise TokenError(20026)
    if found.used:
        raise TokenError(20073)
    if found.revoked:
        raise TokenError(20064)
    if not state.is_alive(found) or state.now() > found.grant.granted_at + CONSENT_DAYS * 86_400:
        raise TokenError(20037)
    return found


def _narrowed(issued: Issued, wanted: str | None) -> str:
    if not wanted:
        return issued.grant.scope
    scopes = wanted.split()
    if len(scopes) != len(set(scopes)):
        raise TokenError(20067)
    if not set(scopes) <= set(issued.grant.scope.split()):
        raise TokenError(20068)
    return wanted


def _tokens(state: SandboxState, grant: Grant, scope: str) -> Response:
    # Real tokens look like JWTs and are one to two kilobytes long.
    access = state.issue_access_token(grant, "eyJ" + random_text(1200), scope)
    answer: dict[str, Any] = {
        "code": 0,
        "access_token": access.value,
        "expires_in": state.lifetimes["feishu.access_token"],
        "token_type": "Bearer",
        "scope": scope,
    }
    if "offline_access" in scope.split():
        refresh = state.issue_refresh_token(grant, "eyJ" + random_text(1200), scope)
        answer["refresh_token"] = refresh.value
        answer["refresh_token_expires_in"] = state.lifetimes["feishu.refresh_token"]
    return _json(answer)


def _profile(state: SandboxState, person: Person, scope: str) -> dict[str, str]:
    picture = f"{state.settings.sandbox_url}/people/{person.key}.svg"
    profile = {
        "name": person.name_zh,
        "en_name": person.name_en,
        "avatar_url": picture,
        "avatar_thumb": picture,
        "avatar_middle": picture,
        "avatar_big": picture,
        "open_id": people.open_id(person, state.settings["FEISHU_APP_ID"]),
        "union_id": people.union_id(person),
        "tenant_key": TENANT_KEY,
    }
    gated = {
        "contact:user.employee_id:readonly": ("user_id", people.user_id(person)),
        "contact:user.email:readonly": ("email", person.email),
        "contact:user.employee:readonly": ("enterprise_email", person.email),
        "contact:user.phone:readonly": ("mobile", person.mobile),
    }
    profile.update(gated[name] for name in scope.split() if name in gated)
    return profile


def _json(value: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status=status, content_type="application/json; charset=utf-8")
