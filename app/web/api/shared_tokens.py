"""Tokens for sibling services (CONTRACT §9c): an app's, a person's, and signatures for pages. Each answer is a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify

from app.core.errors import RequestError
from app.core.moments import as_text
from app.pipeline.api_tokens import check_rate
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import lent_app_token, refresh_app_token
from app.pipeline.tokens.js_tickets import sign_page
from app.pipeline.tokens.user_tokens import known_identity, usable_tokens
from app.storage.audit import write_audit
from app.web.errors import trace_id
from app.web.guards import json_body, require_token
from app.web.openapi.described import UPSTREAM, described
from app.web.openapi.words import FLAG, OBJECT, TEXT, TIME, WHOLE, body, maybe, text, thing

USUAL_RATE = "600 per minute"
REFRESH_RATE = "10 per minute"


ABOUT = "Tokens for sibling services"
LENT = thing("LentAppToken", access_token=TEXT, expires_in=WHOLE, fetched_at=TIME)
REFRESHED = thing("RefreshedAppToken", channel=TEXT, refreshed=FLAG)
PAGE = body("SignPage", needed=["url"], url=text(least=1, most=2000))
SIGNED = thing("SignedPage", ["agent_config"], config=OBJECT, agent_config=OBJECT)
LENT_USER_TOKEN = thing(
    "LentUserToken",
    access_token=TEXT,
    expires_in=maybe(WHOLE),
    token_type=maybe(TEXT),
    scope=maybe(TEXT),
)


def shared_tokens_blueprint(services: Services) -> Blueprint:
    """Return the routes that lend tokens."""
    blueprint = Blueprint("shared_tokens", __name__)

    @blueprint.get("/api/v1/tokens/<channel>")
    @require_token(services, "token")
    @described(ABOUT, {200: LENT}, refusals={403: "other_channel", 404: "unknown_channel"} | UPSTREAM)
    def app_token(channel: str) -> Response:
        """Lend the app token that all services share."""
        _check(services, channel)
        token = lent_app_token(services, channel)
        _audit(services, "token.lend", channel)
        return _secret(
            {
                "access_token": token.value,
                "expires_in": token.expires_in,
                "fetched_at": as_text(token.fetched_at),
            }
        )

    @blueprint.post("/api/v1/tokens/<channel>/refresh")
    @require_token(services, "operate")
    @described("App tokens", {200: REFRESHED}, refusals={404: "unknown_channel"} | UPSTREAM)
    def refresh(channel: str) -> Response:
        """Fetch a new app token now, as `flask tokens refresh` does."""
        check_rate(services, g.api_token, "refresh", usual=REFRESH_RATE)
        refresh_app_token(services, channel)
        _audit(services, "token.refresh", channel)
        return _secret({"channel": channel, "refreshed": True})

    _add_signatures_and_people(blueprint, services)
    return blueprint


def _add_signatures_and_people(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/api/v1/js-signature/<channel>")
    @require_token(services, "token")
    @described(
        ABOUT,
        {200: SIGNED},
        body=PAGE,
        refusals={400: "bad_url unknown_field", 403: "other_channel", 404: "unknown_channel"} | UPSTREAM,
    )
    def js_signature(channel: str) -> Response:
        """Sign a page that runs inside the platform's app."""
        _check(services, channel)
        return _secret(sign_page(services, channel, _only_url(json_body())))

    @blueprint.post("/api/v1/identities/<identity_id>/token")
    @require_token(services, "user-token")
    @described(
        ABOUT,
        {200: LENT_USER_TOKEN},
        refusals={401: "login_required", 403: "other_channel", 404: "unknown_identity"} | UPSTREAM,
    )
    def user_token(identity_id: str) -> Response:
        """Lend a person's token."""
        identity = known_identity(services, identity_id)
        _check(services, identity.channel)
        tokens = usable_tokens(services, identity)
        _audit(services, "user_token.lend", identity.id)
        return _secret(
            {
                "access_token": tokens.access_token,
                "expires_in": tokens.expires_in,
                "token_type": tokens.token_type,
                "scope": tokens.scope,
            }
        )


def _check(services: Services, channel: str) -> None:
    g.api_token.require_channel(channel)
    check_rate(services, g.api_token, "tokens", usual=USUAL_RATE)


def _only_url(body: Mapping[str, Any]) -> Any:
    if set(body) - {"url"}:
        raise RequestError("unknown_field", "The body may hold url and nothing else.")
    return body.get("url")


def _audit(services: Services, action: str, target: str) -> None:
    with services.database.begin() as tx:
        write_audit(
            tx,
            at=services.clock.now(),
            actor=g.api_token.name,
            action=action,
            target=target,
            trace_id=trace_id(),
        )


def _secret(content: Mapping[str, Any]) -> Response:
    response = jsonify(dict(content))
    response.headers["Cache-Control"] = "no-store"
    return response
