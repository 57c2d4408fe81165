"""Rotating SECRET_KEY: what is sealed for logins and authorised accounts is opened with the old keys and sealed with the first one.

Sealed evidence of events is left alone: what was received never changes, and retention takes it soon.
"""

from __future__ import annotations

from app.pipeline.login.session_keys import key_place
from app.pipeline.login.start import verifier_place
from app.pipeline.services import Services, Tell, tell_nobody
from app.pipeline.tokens.account_tokens import account_place
from app.pipeline.tokens.sealed_tokens import token_place
from app.security.vault import Vault
from app.storage.authorised_accounts import (
    SEALED_COLUMNS as ACCOUNT_COLUMNS,
)
from app.storage.authorised_accounts import AccountKey, list_sealed_accounts, replace_sealed_account
from app.storage.database.db import StoredRow, Transaction
from app.storage.issuer.keys import issuer_key_place, list_sealed_issuer_keys, replace_issuer_key
from app.storage.login.connections import SEALED_COLUMNS, list_sealed_tokens, replace_sealed
from app.storage.login.flows import list_sealed_verifiers, replace_verifier
from app.storage.login.signing_keys import list_sealed_keys, replace_private_key

BATCH = 200


def rewrite_sealed(services: Services, tell: Tell = tell_nobody) -> int:
    """Seal tokens, those of authorised accounts too, signing keys and PKCE verifiers anew where needed; return how many values changed.

    Raises VaultError when an old key is missing from SECRET_KEY; what was rewritten until then stays good. When
    this returns 0, the old keys are needed for the evidence of events only, until retention takes that.
    """
    changed = 0
    for rewrite in (_rewrite_tokens, _rewrite_verifiers):
        after: str | None = ""
        while after is not None:
            with services.database.begin() as tx:
                count, after = rewrite(services.vault, tx, after)
            changed += count
            tell(changed)
    changed += _rewrite_accounts(services)
    with services.database.begin() as tx:
        return changed + _rewrite_keys(services.vault, tx) + _rewrite_issuer_keys(services.vault, tx)


def _rewrite_tokens(vault: Vault, tx: Transaction, after: str) -> tuple[int, str | None]:
    rows = list_sealed_tokens(tx, after=after, limit=BATCH)
    changed = 0
    for row in rows:
        sealed = {}
        for column in SEALED_COLUMNS:
            value = getattr(row, column)
            if value is not None and not vault.is_current(bytes(value)):
                sealed[column] = _anew(vault, bytes(value), token_place(row.identity_id, column))
        if sealed:
            replace_sealed(tx, row.identity_id, version=row.version, sealed=sealed)
            changed += len(sealed)
    return changed, rows[-1].identity_id if len(rows) == BATCH else None


def _rewrite_accounts(services: Services) -> int:
    changed, after = 0, AccountKey("", "", "")
    while True:
        with services.database.begin() as tx:
            rows = list_sealed_accounts(tx, after=after, limit=BATCH)
            changed += sum(_rewrite_account(services.vault, tx, row) for row in rows)
        if len(rows) < BATCH:
            return changed
        after = AccountKey(rows[-1].channel, rows[-1].owner, rows[-1].account)


def _rewrite_account(vault: Vault, tx: Transaction, row: StoredRow) -> int:
    key = AccountKey(row.channel, row.owner, row.account)
    sealed = {
        column: _anew(vault, bytes(value), account_place(key, column))
        for column in ACCOUNT_COLUMNS
        if (value := getattr(row, column)) is not None and not vault.is_current(bytes(value))
    }
    if sealed:
        replace_sealed_account(tx, key, version=row.version, sealed=sealed)
    return len(sealed)


def _rewrite_verifiers(vault: Vault, tx: Transaction, after: str) -> tuple[int, str | None]:
    rows = list_sealed_verifiers(tx, after=after, limit=BATCH)
    changed = 0
    for flow_id, verifier in rows:
        if not vault.is_current(verifier):
            replace_verifier(tx, flow_id, _anew(vault, verifier, verifier_place(flow_id)))
            changed += 1
    return changed, rows[-1][0] if len(rows) == BATCH else None


def _rewrite_keys(vault: Vault, tx: Transaction) -> int:
    changed = 0
    for kid, private_key in list_sealed_keys(tx):
        if not vault.is_current(private_key):
            replace_private_key(tx, kid, _anew(vault, private_key, key_place(kid)))
            changed += 1
    return changed


def _rewrite_issuer_keys(vault: Vault, tx: Transaction) -> int:
    changed = 0
    for kid, private_key in list_sealed_issuer_keys(tx):
        if not vault.is_current(private_key):
            replace_issuer_key(tx, kid, _anew(vault, private_key, issuer_key_place(kid)))
            changed += 1
    return changed


def _anew(vault: Vault, sealed: bytes, place: str) -> bytes:
    return vault.seal(vault.open(sealed, place=place), place=place)
