"""Simulated Microsoft: the keys that its tokens are signed with.

Protocol: learn.microsoft.com/entra/identity-platform/access-tokens, "Validating the signature" (read 2026-11-28).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from sandbox.platforms.microsoft_graph import signer

blueprint = Blueprint("microsoft_graph", __name__, url_prefix="/microsoft_graph")


@blueprint.get("/common/discovery/v2.0/keys")
def keys() -> Response:
    """Returns the one key there is."""
    return jsonify(signer.jwks())
