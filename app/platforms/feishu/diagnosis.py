"""Why a request of Feishu's is not believed, for the list of rejections: mode, key, token or app. Decides nothing.

Every sentence but the one on old cards is for operators only; none holds a key or a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.platforms.feishu.app import EncryptKey
from app.platforms.feishu.envelope import opens
from app.platforms.feishu.messages import Shape
from app.security.signatures import how_many
from app.security.strict_json import parse_json_object

LONGEST_ID: Final = 64
CONSOLE: Final = "Events & Callbacks in the developer console"
OLD_CARDS_NOT_TAKEN: Final = (
    "This is a click on an old message card, which this channel does not take: set old_cards = true in the channels file, or "
    "send cards of the new form (card.action.trigger)."
)
"""Told to the caller too: the click is proven by the Verification Token."""


def why_signature_differs(body: bytes, keys: Sequence[EncryptKey]) -> str:
    """Say what to look at when the SHA-256 of no Encrypt Key fits."""
    tried = f"Tried: {how_many(keys, 'encrypt_key')}, over timestamp, nonce and the raw body."
    if not _is_sealed(body):
        return f"{tried} The body is not encrypted: is an Encrypt Key set in {CONSOLE}, or did a proxy unpack it?"
    opening = _positions_that_open(body, keys)
    if opening:
        return f"{tried} encrypt_key {opening[0]} opens the body, so the body or a header was changed on the way."
    return f"{tried} None opens the body either: compare Encrypt Key in {CONSOLE} with encrypt_key."


def why_unsigned(body: bytes, keys: Sequence[EncryptKey]) -> str:
    """Say what to look at when there are no signature headers and nothing opens the body."""
    if not _is_sealed(body):
        return (
            "The mode differs: encrypt_key is set here, but the body is neither signed nor encrypted. Set the Encrypt Key in "
            f"{CONSOLE}, or leave encrypt_key out."
        )
    return f"A set-up request that does not open. Tried: {how_many(keys, 'encrypt_key')}; compare it with {CONSOLE}."


def why_old_card_differs(tokens: Sequence[bytes], *, taken: bool) -> str:
    """Say what to look at when a signature has the form of old cards and no token made it."""
    also = "" if taken else " Besides, old cards are only taken with old_cards = true."
    return (
        "The signature is a SHA-1, as on clicks on old cards. Tried: "
        f"{how_many(tokens, 'verification_token')}; compare it with {CONSOLE}.{also}"
    )


def why_no_shape(content: Mapping[str, Any], keys: Sequence[EncryptKey]) -> str:
    """Say what to look at when a body is none of Feishu's forms."""
    if "encrypt" in content and not keys:
        return f"The mode differs: the body is encrypted, but encrypt_key is not set here; copy it from {CONSOLE}."
    return "The body is no event, callback or set-up request of Feishu; another service may use this address."


def why_token_differs(shape: Shape, tokens: Sequence[bytes], scheme: str) -> str:
    """Say what to look at when a body carries another Verification Token."""
    if shape is Shape.OLD_CARD:
        return "The body is a click on an old card, which is proven by a SHA-1 signature only, and that is not there."
    proof = "The signature fits, but the" if scheme.startswith("sha256") else "The"
    return (
        f"{proof} body's token is none of ours. Tried: {how_many(tokens, 'verification_token')}; compare "
        f"Verification Token in {CONSOLE}."
    )


def why_app_differs(shape: Shape, content: Mapping[str, Any], app_id: str) -> str:
    """Say which app a body names; an App ID is no secret."""
    named = content["header"].get("app_id") if shape is Shape.V2 else content["event"].get("app_id")
    return (
        f"Key and token fit, but the app id differed: the body names {str(named)[:LONGEST_ID]!r}, this channel has app_id "
        f"{app_id[:LONGEST_ID]!r}. Is the address entered in another app?"
    )


def _is_sealed(body: bytes) -> bool:
    try:
        return isinstance(parse_json_object(body).get("encrypt"), str)
    except ValueError:
        return False


def _positions_that_open(body: bytes, keys: Sequence[EncryptKey]) -> list[int]:
    return [position for position, key in enumerate(keys, start=1) if opens(key, body)]
