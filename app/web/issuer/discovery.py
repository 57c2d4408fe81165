"""Discovery and keys (OpenID Connect Discovery §3, RFC 8414): for every origin, kept for a while."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from app.pipeline.issuer.clients import known_scopes
from app.pipeline.issuer.keys import issuer_jwks
from app.pipeline.services import Services
from app.security.issuer_tokens import ALGORITHMS

SECONDS = 300
CLAIMS = (
    "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "sid", "name", "picture", "updated_at", "email",
    "email_verified", "phone_number", "phone_number_verified", "idp", "idp_issuer", "idp_sub", "union_id",
)  # fmt: skip


def add_discovery(blueprint: Blueprint, services: Services) -> None:
    """Add both documents."""

    @blueprint.get("/.well-known/openid-configuration")
    @blueprint.get("/.well-known/oauth-authorization-server")
    def configuration() -> Response:
        """Say where everything is and what is spoken."""
        return _public(metadata(services))

    @blueprint.get("/oidc/jwks")
    def keys() -> Response:
        """Publish the keys of ID, access and logout tokens."""
        return _public({"keys": issuer_jwks(services)})


def metadata(services: Services) -> dict[str, Any]:
    """Return the discovery document."""
    issuer = services.settings.public_base_url
    methods = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oidc/authorize",
        "token_endpoint": f"{issuer}/oidc/token",
        "userinfo_endpoint": f"{issuer}/oidc/userinfo",
        "jwks_uri": f"{issuer}/oidc/jwks",
        "introspection_endpoint": f"{issuer}/oidc/introspect",
        "revocation_endpoint": f"{issuer}/oidc/revoke",
        "end_session_endpoint": f"{issuer}/oidc/logout",
        "scopes_supported": list(known_scopes(services)),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": [*methods, "none"],
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": [*methods, "none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": list(CLAIMS),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["en", "zh-CN"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _public(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
