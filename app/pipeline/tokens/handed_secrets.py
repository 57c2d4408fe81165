"""Secrets of accounts that came in events (Jira Connect's tenants): kept sealed in the row of their account, read for each proof.

Nothing is remembered in the process: a secret that was replaced or withdrawn counts at once, in every process.
"""

from __future__ import annotations

import structlog

from app.core.accounts import Handed, HandedSecrets, NoticeSource
from app.core.errors import PermanentError
from app.core.storable import is_storable
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import account_place, open_token
from app.security.vault import VaultError
from app.storage.authorised_accounts import (
    MAX_ID,
    About,
    AccountKey,
    SealedAccount,
    find_account,
    save_authorisation,
)

COLUMN = "lasting_token"

log = structlog.get_logger(__name__)


def keep_secret(services: Services, channel: Channel, source: NoticeSource, handed: Handed) -> bool:
    """Keep an account's secret in place of an older one; False where a newer one is there, or it was withdrawn since."""
    if not handed.account or not is_storable(handed.account, MAX_ID):
        raise PermanentError("The event names an account with an id that is too long.")
    key = AccountKey(channel.name, source.ticket_owner, handed.account)
    sealed = SealedAccount(
        lasting_token=services.vault.seal(handed.secret.encode(), place=account_place(key, COLUMN)),
        access_token=None,
        fetched_at=services.clock.now(),
        expires_at=None,
        renew_at=None,
    )
    about = About(handed.title, None, code_digest="")
    kept = services.database.run(lambda tx: save_authorisation(tx, key, sealed, about, at=handed.at))
    log.info("account_secret_handed", channel=channel.name, account=key.account, kept=kept)
    return kept


def kept_secret(services: Services, channel: Channel, source: HandedSecrets, account: str) -> bytes | None:
    """Return an account's secret, None where there is none or its key is gone; asks the store."""
    if not account or not is_storable(account, MAX_ID):
        return None
    key = AccountKey(channel.name, source.ticket_owner, account)
    with services.database.read() as tx:
        row = find_account(tx, key)
    if row is None or row.lasting_token is None:
        return None
    try:
        return open_token(services, key, row, COLUMN).encode()
    except VaultError:
        log.warning("account_secret_not_opened", channel=channel.name, account=account)
        return None
