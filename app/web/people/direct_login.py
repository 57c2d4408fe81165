"""`POST /api/v1/mini-program/<channel>/login`: a program of the platform's own logs its person in (CONTRACT §7)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RequestError
from app.pipeline.login.direct import log_in_directly
from app.pipeline.services import Services
from app.web.callbacks.reading import client_address
from app.web.errors import trace_id
from app.web.guards import json_body
from app.web.openapi.described import UPSTREAM, Proof, described
from app.web.openapi.words import TEXT, WHOLE, body, maybe, text, thing
from app.web.people.session_cookies import keep_private

KNOWN = thing(
    "KnownPerson",
    issuer=TEXT,
    subject=TEXT,
    subject_kind=TEXT,
    union_id=maybe(TEXT),
    name=maybe(TEXT),
    avatar_url=maybe(TEXT),
)
LOGGED_IN = thing("DirectLogin", token=TEXT, expires_in=WHOLE, user=KNOWN)
CODE = body("DirectLoginCode", needed=["code"], code=text(least=1, most=2048))
TELLS_LOG_IN = described(
    "Sessions",
    {200: LOGGED_IN},
    body=CODE,
    refusals={
        400: "bad_code unknown_field *",
        401: "login_required *",
        403: "person_disabled *",
        404: "unknown_channel",
    }
    | UPSTREAM,
    proof=Proof.NONE,
)


def direct_login_blueprint(services: Services) -> Blueprint:
    """Return the route; it exists for every channel and answers 404 where the channel has no such login."""
    blueprint = Blueprint("direct_login", __name__)
    blueprint.after_request(keep_private)

    @blueprint.post("/api/v1/mini-program/<channel>/login")
    @TELLS_LOG_IN
    def log_in(channel: str) -> Response:
        """Trade a code for a session token, which goes into the Authorization header of later calls."""
        body = json_body()
        if unknown := sorted(set(body) - {"code"}):
            raise RequestError("unknown_field", f"The body may hold code and not {', '.join(unknown)[:200]}.")
        result = log_in_directly(
            services,
            channel,
            body.get("code"),
            remote_addr=client_address(request.environ, services.settings.trusted_proxies),
            trace_id=trace_id(),
        )
        known = result.known
        return jsonify(
            {
                "token": result.token.text,
                "expires_in": result.token.expires_in,
                "user": {
                    "issuer": known.issuer,
                    "subject": known.subject,
                    "subject_kind": known.subject_kind,
                    "union_id": known.union_id,
                    "name": known.name,
                    "avatar_url": known.avatar_url,
                },
            }
        )

    return blueprint
