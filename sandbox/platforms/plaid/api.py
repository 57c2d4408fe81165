"""Simulated Plaid: the key of its webhooks.

Protocol: plaid.com/docs, "Webhook verification" (read 2026-11-28).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from flask import Blueprint, request

from sandbox.cloud_keys import EC_KEY, private_key
from sandbox.state import current_state

blueprint = Blueprint("plaid", __name__, url_prefix="/plaid")

KEY_ID = "5a4db0c0-ffee-4000-8000-0000000p1a1d"


@blueprint.post("/webhook_verification_key/get")
def webhook_key() -> tuple[dict[str, Any], int]:
    """Returns the key as a JSON Web Key, to whoever knows the client's secret."""
    asked: dict[str, Any] = request.get_json(force=True)
    settings = current_state().settings
    given = (asked.get("client_id"), asked.get("secret"))
    if given != (settings["PLAID_CLIENT_ID"], settings["PLAID_SECRET"]):
        return _fault("INVALID_API_KEYS", "invalid client_id or secret provided")
    if asked.get("key_id") != KEY_ID:
        return _fault("INVALID_WEBHOOK_VERIFICATION_KEY_ID", "invalid key_id provided")
    point = private_key(EC_KEY).public_key().public_numbers()
    key: dict[str, Any] = {
        "alg": "ES256",
        "crv": "P-256",
        "kid": KEY_ID,
        "kty": "EC",
        "use": "sig",
        "expired_at": None,
    }
    key |= {"x": _number(point.x), "y": _number(point.y), "created_at": 1_560_466_143}
    return {"key": key, "request_id": "sandbox"}, 200


def _number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()


def _fault(code: str, message: str) -> tuple[dict[str, Any], int]:
    return {
        "error_type": "INVALID_INPUT",
        "error_code": code,
        "error_message": message,
        "display_message": None,
    }, 400
