"""Simulated eBay: application tokens, and public keys for whoever has one.

Protocol: developer.ebay.com, "The client credentials grant flow" and getPublicKey (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from typing import Any

from flask import Blueprint, request

from sandbox.cloud_keys import EC_KEY, public_pem
from sandbox.state import current_state

blueprint = Blueprint("ebay", __name__, url_prefix="/ebay")

KEY_ID = "5a4db0c0-ffee-4000-8000-00000000eba1"


@blueprint.post("/identity/v1/oauth2/token")
def token() -> tuple[dict[str, Any], int]:
    """Returns an application token for a keyset."""
    settings = current_state().settings
    pair = f"{settings['EBAY_CLIENT_ID']}:{settings['EBAY_CLIENT_SECRET']}"
    right = "Basic " + b64encode(pair.encode()).decode()
    is_right = hmac.compare_digest(request.headers.get("Authorization", "").encode(), right.encode())
    if not is_right or request.form.get("grant_type") != "client_credentials":
        return {"error": "invalid_client", "error_description": "client authentication failed"}, 401
    return {"access_token": _token(), "expires_in": 7200, "token_type": "Application Access Token"}, 200


@blueprint.get("/commerce/notification/v1/public_key/<kid>")
def public_key(kid: str) -> tuple[dict[str, Any], int]:
    """Returns a key, its PEM text on one line."""
    if request.headers.get("Authorization") != f"Bearer {_token()}":
        return {"errors": [{"errorId": 1001, "message": "Invalid access token"}]}, 401
    if kid != KEY_ID:
        return {
            "errors": [{"errorId": 195000, "message": "The specified public key could not be found."}]
        }, 404
    text = public_pem(EC_KEY).replace("\n", "")
    return {"key": text, "algorithm": "ECDSA", "digest": "SHA1"}, 200


def _token() -> str:
    secret = current_state().settings["EBAY_CLIENT_SECRET"]
    return "v^1.1#i^1#" + hashlib.sha256(secret.encode()).hexdigest()
