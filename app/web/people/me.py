"""What a logged-in person and the services behind us may ask: who is this, and is this session good?"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.errors import LoginError, RefusedError
from app.pipeline.login.linking import own_identities, own_identity
from app.pipeline.login.profiles import check_questions, fresh_identity, topup_address
from app.pipeline.login.session_keys import published_keys
from app.pipeline.login.sessions import SignedIn, end_other_sessions, renew_session
from app.pipeline.services import Services
from app.security.session_tokens import not_logged_in
from app.storage.login.identities import StoredIdentity
from app.web.callbacks.reading import client_address
from app.web.errors import trace_id
from app.web.openapi.described import UPSTREAM, Proof, described, query
from app.web.openapi.words import ID, OBJECT, TEXT, TIME, WHOLE, extended, many, maybe, one_of, thing
from app.web.people.csrf import check_csrf, check_origin, token_of
from app.web.people.session_cookies import (
    came_by_cookie,
    keep_private,
    renew_cookie,
    set_session_cookie,
    signed_in,
)

JWKS_SECONDS = 300


ABOUT = "Sessions"
FLAG_WORD = one_of(["0", "1"])
IDENTITY = thing(
    "OwnIdentity",
    id=ID,
    channel=TEXT,
    issuer=TEXT,
    subject=TEXT,
    subject_kind=TEXT,
    union_id=maybe(TEXT),
    name=maybe(TEXT),
    avatar_url=maybe(TEXT),
    first_login_at=TIME,
    last_login_at=TIME,
)
IDENTITY_DETAIL = extended("OwnIdentityDetail", IDENTITY, profile=OBJECT)
ME = thing(
    "Me",
    user_id=ID,
    session=thing("OwnSession", created_at=TIME, expires_at=TIME, token_expires_at=TIME),
    identity=IDENTITY_DETAIL,
    identities=many(IDENTITY),
    csrf_token=TEXT,
)
FRESH = query("fresh", "1: ask the platform first.", FLAG_WORD)
NEW_TOKEN = thing("SessionToken", token=TEXT, expires_in=WHOLE)
KEYS = thing("JsonWebKeySet", keys=many(OBJECT))
OF_SESSION = {401: "login_required"}
TELLS_ME = described(
    ABOUT,
    {200: ME, 204: None},
    query=(FRESH, query("optional", "1: nobody is answered with 204.", FLAG_WORD)),
    refusals=OF_SESSION | UPSTREAM,
    proof=Proof.SESSION,
)
TELLS_IDENTITY = described(
    ABOUT,
    {200: IDENTITY_DETAIL},
    query=(FRESH,),
    refusals=OF_SESSION | {404: "unknown_identity"} | UPSTREAM,
    proof=Proof.SESSION,
)
TELLS_TOPUP = described(
    ABOUT,
    {200: thing("TopupAddress", topup_url=TEXT)},
    refusals=OF_SESSION | {403: "cross_site", 404: "no_topup"} | UPSTREAM,
    proof=Proof.SESSION,
)
TELLS_END_OTHERS = described(
    ABOUT,
    {200: thing("EndedOthers", ended=WHOLE)},
    refusals=OF_SESSION | {403: "csrf cross_site"},
    proof=Proof.SESSION,
)


def me_blueprint(services: Services) -> Blueprint:
    """Return the routes of the session itself."""
    blueprint = Blueprint("me", __name__)
    blueprint.after_request(keep_private)
    blueprint.after_request(_name_the_scheme)
    # Any route of the application may have used the session, so any of them may renew it.
    blueprint.after_app_request(partial(renew_cookie, services))

    @blueprint.get("/api/v1/me")
    @blueprint.get("/api/user/info")
    @TELLS_ME
    def me() -> Response:
        """Say who is logged in; `?fresh=1` asks the platform first, `?optional=1` makes nobody an ordinary answer."""
        try:
            current = signed_in(services)
            identity = _current_identity(services, current)
        except LoginError:
            if request.args.get("optional") == "1":
                # Browsers write every 401 into the console; a page that only wants to know asks without one.
                return make_response("", 204)
            raise
        if request.args.get("fresh") == "1":
            _check_questions(services, current)
            identity = fresh_identity(services, identity)
        return jsonify(_me(services, current, identity))

    @blueprint.get("/api/v1/me/identities/<identity_id>")
    @TELLS_IDENTITY
    def identity(identity_id: str) -> Response:
        """Show one of the user's own identities; `?fresh=1` asks the platform first."""
        current = signed_in(services)
        found = own_identity(services, current, identity_id)
        if request.args.get("fresh") == "1":
            _check_questions(services, current)
            found = fresh_identity(services, found)
        return jsonify(_identity(found))

    _add_session_routes(blueprint, services)
    _add_routes_for_servers(blueprint, services)
    return blueprint


def _add_session_routes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/api/v1/me/topup")
    @TELLS_TOPUP
    def topup() -> Response:
        """Say where this person can add money."""
        current = signed_in(services)
        check_origin(services.settings.public_base_url)
        _check_questions(services, current)
        return jsonify({"topup_url": topup_address(services, _current_identity(services, current))})

    @blueprint.post("/api/v1/session/refresh")
    @described(ABOUT, {200: NEW_TOKEN}, refusals=OF_SESSION | {403: "cross_site"}, proof=Proof.SESSION)
    def refresh() -> Response:
        """Give a new session token while the session lives."""
        current = signed_in(services)
        check_origin(services.settings.public_base_url)
        token = renew_session(services, current)
        response = jsonify({"token": token.text, "expires_in": token.expires_in})
        if came_by_cookie():
            set_session_cookie(services.settings, response, token)
        return response

    @blueprint.post("/api/v1/me/sessions/end-others")
    @TELLS_END_OTHERS
    def end_others() -> Response:
        """End every other session of this person; the one that asks goes on."""
        current = signed_in(services)
        check_csrf(services, current)
        return jsonify({"ended": end_other_sessions(services, current, trace_id=trace_id())})


def _add_routes_for_servers(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/.well-known/jwks.json")
    @described(ABOUT, {200: KEYS}, proof=Proof.NONE)
    def jwks() -> Response:
        """Publish the keys that session tokens can be checked with."""
        response = jsonify(published_keys(services))
        response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
        return response

    @blueprint.get("/auth/verify")
    @described(ABOUT, {200: None}, refusals=OF_SESSION, proof=Proof.SESSION)
    def verify() -> Response:
        """Answer a proxy's question whether a request may pass, and who it is."""
        current = signed_in(services)
        response = make_response("", 200)
        response.headers.update(_forwarded(_current_identity(services, current)))
        return response


def _check_questions(services: Services, current: SignedIn) -> None:
    address = client_address(request.environ, services.settings.trusted_proxies)
    check_questions(services, current.user_id, address)


def _current_identity(services: Services, current: SignedIn) -> StoredIdentity:
    try:
        return own_identity(services, current, current.session.identity_id)
    except RefusedError:
        # Somebody took the identity away while its session went on.
        raise not_logged_in() from None


def _me(services: Services, current: SignedIn, identity: StoredIdentity) -> dict[str, Any]:
    return {
        "user_id": current.user_id,
        "session": {
            "created_at": _text(current.session.created_at),
            "expires_at": _text(current.session.expires_at),
            "token_expires_at": _text(current.token_expires_at),
        },
        "identity": _identity(identity),
        "identities": [_summary(each) for each in own_identities(services, current)],
        "csrf_token": token_of(services, current),
    }


def _identity(identity: StoredIdentity) -> dict[str, Any]:
    return _summary(identity) | {"profile": dict(identity.known.profile)}


def _summary(identity: StoredIdentity) -> dict[str, Any]:
    known = identity.known
    return {
        "id": identity.id,
        "channel": identity.channel,
        "issuer": known.issuer,
        "subject": known.subject,
        "subject_kind": known.subject_kind,
        "union_id": known.union_id,
        "name": known.name,
        "avatar_url": known.avatar_url,
        "first_login_at": _text(identity.first_login_at),
        "last_login_at": _text(identity.last_login_at),
    }


def _forwarded(identity: StoredIdentity) -> dict[str, str]:
    """Return the headers a proxy copies into the request; what a platform wrote is percent-encoded UTF-8."""
    known = identity.known
    return {
        "X-Auth-User": identity.user_id,
        "X-Auth-Identity": identity.id,
        "X-Auth-Channel": identity.channel,
        "X-Auth-Issuer": quote(known.issuer, safe=":"),
        "X-Auth-Subject": quote(known.subject, safe=""),
        "X-Auth-Subject-Kind": known.subject_kind,
        "X-Auth-Name": quote(known.name or "", safe=""),
    }


def _name_the_scheme(response: AnyResponse) -> AnyResponse:
    if response.status_code == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
