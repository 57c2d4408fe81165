"""What is said of the addresses that platforms call: they are answered in front of Flask, so no view stands beside this."""

from __future__ import annotations

from typing import Any

_ANSWERS: dict[str, Any] = {
    "200": {"description": "The platform's own answer: the delivery is stored."},
    "400": {"description": "Refused: bad_payload, unknown_event_type, unknown_version, event_type_mismatch."},
    "401": {"description": "Refused: bad_signature, nonce_reused."},
    "403": {"description": "Refused: address_not_allowed."},
    "404": {"description": "Refused: unknown_channel."},
    "413": {"description": "Refused: body_too_large."},
    "429": {"description": "Refused: rate_limited, banned."},
    "503": {"description": "Refused: store_unavailable, under_pressure; the platform sends it again."},
}


def _delivery(operation_id: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": operation_id,
            "summary": "Take a callback in the form and with the proof that its platform has.",
            "tags": ["Callbacks"],
            "security": [],
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                for name in names
            ],
            "requestBody": {"content": {"*/*": {}}},
            "responses": _ANSWERS,
        }
    }


CALLBACK_PATHS: dict[str, Any] = {
    "/webhooks/{channel}": _delivery("take_callback", ("channel",)),
    "/wechat": _delivery("take_wechat_callback", ()),
    "/wechat/{channel}": _delivery("take_callback_of_wechat", ("channel",)),
    "/api/platform/callback": _delivery("take_unified_callback", ()),
    "/api/{version}/platform/callback": _delivery("take_unified_callback_of_version", ("version",)),
}
