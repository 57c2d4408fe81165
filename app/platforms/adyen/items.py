"""One item of an Adyen notification: the fields that are signed, and the event it becomes. Pure.

Sources (read 2026-11-28): docs.adyen.com, "Verify HMAC signatures" and "Webhook structure and types"; PyPI Adyen 16.0.0, util.py. What is odd: eight fields
are signed and joined by colons, in JSON without any escape. Only merchantReference may hold a colon here: with two such fields a
colon could move from one to the other, and the same signature would fit two different items.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import VerificationError
from app.core.moments import moment_or_none
from app.core.values import ParsedEvent
from app.security.signatures import hmac_sha256

WRAPPER: Final = "NotificationRequestItem"
LONGEST_WORD: Final = 255
LONGEST_NUMBER: Final = 30


def signed_text(item: Mapping[str, Any]) -> str:
    """Return what is signed of an item; raises VerificationError for a field that no item has like this."""
    amount = item.get("amount")
    money: Mapping[str, Any] = amount if isinstance(amount, Mapping) else {}
    return ":".join(
        (
            _word(item, "pspReference"),
            _word(item, "originalReference"),
            _word(item, "merchantAccountCode"),
            _text(item, "merchantReference"),
            _number(money),
            _word(money, "currency"),
            _word(item, "eventCode"),
            _word(item, "success"),
        )
    )


def signature_of(key: bytes, text: str) -> str:
    """Return the signature that Adyen writes for this text."""
    return b64encode(hmac_sha256(key, text.encode("utf-8", "surrogatepass"))).decode()


def given_signature(item: Mapping[str, Any]) -> str:
    """Return the signature an item carries; raises VerificationError where it has none."""
    additional = item.get("additionalData")
    found = additional.get("hmacSignature") if isinstance(additional, Mapping) else None
    if not isinstance(found, str) or not found:
        raise VerificationError(
            "missing_signature",
            "An item has no additionalData.hmacSignature; switch the HMAC key on in the webhook's settings.",
        )
    return found


def event_of(item: Mapping[str, Any]) -> ParsedEvent:
    """Return the event an item is.

    A payment may first be told as failed and then as successful under the same reference and code, so a failure has a key of
    its own.
    """
    kind = _word(item, "eventCode")
    failed = ":false" if item.get("success") == "false" else ""
    return ParsedEvent(
        type=kind,
        key=f"{_word(item, 'pspReference')}:{kind}{failed}",
        data=item,
        occurred_at=moment_or_none(item.get("eventDate")),
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        raise _unreadable(name)
    return value


def _word(item: Mapping[str, Any], name: str) -> str:
    value = _text(item, name)
    if ":" in value or not value.isprintable():
        raise _unreadable(name)
    return value


def _number(money: Mapping[str, Any]) -> str:
    value = money.get("value")
    if value is None:
        return ""
    # A number with a fraction has no one way to write it, and Adyen counts in minor units.
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**LONGEST_NUMBER:
        raise _unreadable("amount.value")
    return str(value)


def _unreadable(name: str) -> VerificationError:
    return VerificationError("unreadable_item", f"The field {name} of an item is not what Adyen sends.")
