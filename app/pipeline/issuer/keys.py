"""The keys that sign ID, access and logout tokens: made on first use, rotated with those of sessions, published as a JWKS."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from app.pipeline.services import Services
from app.security.issuer_tokens import ALGORITHMS, new_issuer_key, sign_issuer_token
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.issuer.keys import (
    IssuerKey,
    find_signing_key,
    insert_issuer_key,
    issuer_key_place,
    list_issuer_keys,
    retire_issuer_keys,
)

GRACE = timedelta(hours=3)
"""So long after its last signature a key is published; access tokens live two hours."""


class Signer(NamedTuple):
    """A key at hand."""

    kid: str
    alg: str
    private: bytes

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """Return a signed token of a kind."""
        return sign_issuer_token(claims, kind=kind, alg=self.alg, kid=self.kid, private=self.private)


def signer(services: Services, alg: str) -> Signer:
    """Return the key that signs for an algorithm, made now when there is none."""
    with services.database.read() as tx:
        key = find_signing_key(tx, alg)
    if key is None:
        with services.database.begin() as tx:
            insert_issuer_key(tx, _new_key(services, alg))
            key = find_signing_key(tx, alg)
    if key is None:
        raise LookupError(f"there is no key that signs {alg}")
    private = services.vault.open(key.private_key, place=issuer_key_place(key.kid))
    return Signer(key.kid, key.alg, private)


def issuer_jwks(services: Services) -> list[dict[str, str]]:
    """Return the public keys: those that sign, and retired ones until their last token has expired."""
    for alg in ALGORITHMS:
        signer(services, alg)
    with services.database.read() as tx:
        return [key.public_jwk for key in list_issuer_keys(tx, retired_after=_retired_after(services))]


def rotate_issuer_keys(services: Services, *, actor: str = "system") -> int:
    """Let new keys sign from now on; return how many were retired. Without keys nothing is made."""
    now = services.clock.now()
    with services.database.begin() as tx:
        retired = retire_issuer_keys(tx, now)
        if retired:
            _insert_all(services, tx)
            write_audit(tx, at=now, actor=actor, action="issuer_keys.rotated", target="issuer")
    return retired


def _insert_all(services: Services, tx: Transaction) -> None:
    for alg in ALGORITHMS:
        insert_issuer_key(tx, _new_key(services, alg))


def _new_key(services: Services, alg: str) -> IssuerKey:
    pair = new_issuer_key(alg)
    sealed = services.vault.seal(pair.private, place=issuer_key_place(pair.kid))
    return IssuerKey(pair.kid, alg, sealed, pair.public_jwk, services.clock.now())


def _retired_after(services: Services) -> datetime:
    return services.clock.now() - GRACE
