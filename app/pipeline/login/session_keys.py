"""The keys that sign session tokens: made on first use, rotated by an operator, published as a JWKS."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.pipeline.services import Services
from app.security.session_tokens import Jwk, new_key_pair
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.login.signing_keys import (
    SigningKey,
    find_active_key,
    find_key,
    insert_active_key,
    list_keys,
    retire_active_key,
)

GRACE_SECONDS = 120


def key_place(kid: str) -> str:
    """Return the place a private key is sealed for."""
    return f"signing_keys/{kid}/private_key"


def active_key(services: Services, tx: Transaction) -> tuple[str, bytes]:
    """Return id and private half (DER) of the key that signs, made now when there is none.

    Two processes may both try to make the first one; the store lets one win and the other uses it.
    """
    key = find_active_key(tx)
    if key is None:
        insert_active_key(tx, _new_key(services))
        key = find_active_key(tx)
    if key is None:
        raise LookupError("there is no key that signs sessions")
    return key.kid, services.vault.open(key.private_key, place=key_place(key.kid))


def public_key(services: Services, tx: Transaction, kid: str) -> Jwk | None:
    """Return the public half of one of our own keys while tokens of it can still be alive."""
    key = find_key(tx, kid, retired_after=_retired_after(services))
    return None if key is None else key.public_jwk


def published_keys(services: Services) -> dict[str, Any]:
    """Return the JWKS: the key that signs, and retired ones until their last token has expired."""
    with services.database.read() as tx:
        keys = list_keys(tx, retired_after=_retired_after(services))
    if not any(key.retired_at is None for key in keys):
        with services.database.begin() as tx:
            active_key(services, tx)
            keys = list_keys(tx, retired_after=_retired_after(services))
    return {"keys": [key.public_jwk for key in keys]}


def rotate_signing_key(services: Services, *, actor: str = "system") -> str:
    """Let a new key sign from now on and return its id; tokens of the old one stay good until they expire."""
    key = _new_key(services)
    with services.database.begin() as tx:
        retire_active_key(tx, key.created_at)
        insert_active_key(tx, key)
        write_audit(tx, at=key.created_at, actor=actor, action="signing_key.rotated", target=key.kid)
    return key.kid


def _new_key(services: Services) -> SigningKey:
    pair = new_key_pair()
    sealed = services.vault.seal(pair.private_der, place=key_place(pair.kid))
    return SigningKey(pair.kid, sealed, pair.public_jwk, services.clock.now())


def _retired_after(services: Services) -> datetime:
    return services.clock.now() - timedelta(seconds=services.settings.session_ttl + GRACE_SECONDS)
