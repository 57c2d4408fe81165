"""What a notification of the App Store says: whose it is, its type, and the signed texts within it. Pure; it is proven before.

Source: developer.apple.com/documentation/appstoreservernotifications/responsebodyv2decodedpayload, with data, summary,
externalPurchaseToken and appData (read 2026-11-28); one of the four is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.core.errors import PayloadError
from app.core.values import Requirement
from app.platforms.apple_notifications.settings import AppleNotificationsSettings
from app.platforms.apple_notifications.signed_data import looks_signed

PARTS: Final = ("data", "summary", "externalPurchaseToken", "appData")
PURCHASE_ELSEWHERE: Final = PARTS[2]
OPENED: Final = {
    "signedTransactionInfo": "transactionInfo",
    "signedRenewalInfo": "renewalInfo",
    "signedAppTransactionInfo": "appTransactionInfo",
}
"""Signed texts within, and where what they say stands beside them."""

PRODUCTION: Final = "Production"
LONGEST_WORD: Final = 64


def requirements_of(payload: Mapping[str, Any], own: AppleNotificationsSettings) -> tuple[Requirement, ...]:
    """Return what must be this channel's own: app and environment."""
    part = _part(payload)
    found = [
        Requirement("bundleId", _text(part.get("bundleId")), "bundle_id", (own.bundle_id,)),
        Requirement("environment", _environment(payload, part), "environment", (own.environment,)),
    ]
    if own.app_apple_id is not None and own.environment == PRODUCTION:
        given = part.get("appAppleId")
        number = str(given) if type(given) is int else None
        found.append(Requirement("appAppleId", number, "app_apple_id", (str(own.app_apple_id),)))
    return tuple(found)


def with_opened(payload: Mapping[str, Any], opened: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return a payload with what its signed texts say beside them; what is no JWS is left as it is."""
    result = dict(payload)
    for name in PARTS:
        part = payload.get(name)
        if isinstance(part, dict):
            said = {
                OPENED[key]: opened(text)
                for key, text in part.items()
                if key in OPENED and looks_signed(text)
            }
            result[name] = {**part, **said}
    return result


def type_of(payload: Mapping[str, Any]) -> str:
    """Return notificationType, with the subtype where there is one; raises PayloadError."""
    kind, subtype = payload.get("notificationType"), payload.get("subtype")
    if not _is_word(kind):
        raise PayloadError(
            "bad_notification_type", message="A notification has its kind in `notificationType`."
        )
    return f"{kind}.{subtype}" if _is_word(subtype) else str(kind)


def key_of(payload: Mapping[str, Any]) -> str:
    """Return notificationUUID, which a repetition keeps; raises PayloadError."""
    identifier = payload.get("notificationUUID")
    if not _is_word(identifier):
        raise PayloadError("bad_notification_id", message="A notification has its id in `notificationUUID`.")
    return str(identifier)


def _part(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    parts = (payload.get(name) for name in PARTS)
    return next((part for part in parts if isinstance(part, dict)), {})


def _environment(payload: Mapping[str, Any], part: Mapping[str, Any]) -> str | None:
    """Return the environment; a token of a purchase elsewhere only shows it at the beginning of its id."""
    identifier = part.get("externalPurchaseId")
    if part is payload.get(PURCHASE_ELSEWHERE) and isinstance(identifier, str):
        return "Sandbox" if identifier.startswith("SANDBOX") else PRODUCTION
    return _text(part.get("environment"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_word(value: object) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= LONGEST_WORD and value.isascii() and value.isprintable()
    )
