"""User info: what a token gives access to, by header alone (RFC 6750 §2.1; tokens in an address end up in logs)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.pipeline.issuer.claims import OPENID, claims_about
from app.pipeline.issuer.grants import Access, read_access
from app.pipeline.services import Services

USERINFO = "/oidc/userinfo"


def add_userinfo(blueprint: Blueprint, services: Services) -> None:
    """Add the endpoint."""

    @blueprint.route(USERINFO, methods=["GET", "POST"])
    def userinfo() -> Response:
        """Say who the person is, as far as the token's scopes go."""
        access = access_of_header(services)
        if access is None:
            return refused(
                "invalid_token", "The token is missing, wrong or over; it stands in the Authorization header."
            )
        scope = str(access.claims["scope"])
        if OPENID not in scope.split():
            return refused("insufficient_scope", "The token lacks the scope openid.", 403)
        return private(claims_about(services, access.subject, scope))


def access_of_header(services: Services) -> Access | None:
    """Return what the token of the Authorization header gives access to."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return read_access(services, token.strip()) if scheme.lower() == "bearer" and token else None


def private(body: dict[str, Any]) -> Response:
    """Return an answer that no cache keeps."""
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(error: str, description: str, status: int = 401) -> Response:
    """Return a refusal in the words of RFC 6750 §3."""
    response = private({"error": error, "error_description": description})
    response.status_code = status
    response.headers["WWW-Authenticate"] = f'Bearer error="{error}", error_description="{description}"'
    return response
