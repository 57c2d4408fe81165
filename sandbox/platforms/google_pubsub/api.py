"""Simulated Google: the keys that its tokens are signed with.

Protocol: developers.google.com/identity/openid-connect/openid-connect, discovery document, jwks_uri (read 2026-11-28).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from sandbox.platforms.google_pubsub import signer

blueprint = Blueprint("google_pubsub", __name__, url_prefix="/google_pubsub")


@blueprint.get("/oauth2/v3/certs")
def keys() -> Response:
    """Returns the one key there is."""
    return jsonify(signer.jwks())
