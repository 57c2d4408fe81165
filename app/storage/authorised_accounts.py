"""Accounts of others that have authorised one of our applications: their sealed tokens, and the lease of whoever renews.

A row stays when its authorisation ends, without tokens: by its times an older message that arrives late changes nothing.
What a renewal brought is stored on the version that was read, also when the lease was taken over meanwhile: the lasting
token may be good once, and then the late one brought the only good one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Integer, Row, String, Table, and_, or_, select

from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, insert_once, metadata
from app.storage.database.fetch_leases import NO_LEASE, FetchLease, is_held, take_fetch_lease

MAX_ID = 64
MAX_TITLE = 128
MAX_ERROR_LENGTH = 500
SEALED_COLUMNS = ("access_token", "lasting_token")

authorised_accounts = Table(
    "authorised_accounts",
    metadata,
    Column("channel", ExactText(64), primary_key=True),
    # The application that was authorised: a channel that is given to another one starts without accounts.
    Column("owner", ExactText(MAX_ID), primary_key=True),
    Column("account", ExactText(MAX_ID), primary_key=True),
    Column("title", ExactText(MAX_TITLE)),
    Column("original_id", ExactText(MAX_ID)),
    Column("access_token", Blob),
    Column("lasting_token", Blob),
    Column("version", Integer, nullable=False),
    Column("fetched_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    # From here on somebody tries to renew; later than now after a failure, so that tries are spaced out.
    Column("renew_at", UtcDateTime),
    Column("authorised_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    # The code that was redeemed last comes twice: with the browser and with an event.
    Column("code_digest", String(64)),
    Column("lease_owner", String(32)),
    Column("lease_until", UtcDateTime),
    Column("last_error", ExactText(MAX_ERROR_LENGTH)),
    Column("last_error_at", UtcDateTime),
)


class AccountKey(NamedTuple):
    """Which account, of which application, on which channel."""

    channel: str
    owner: str
    account: str


class SealedAccount(NamedTuple):
    """What a redeemed code or a renewal leaves in a row; `access_token` is None until the first one is fetched."""

    lasting_token: bytes
    access_token: bytes | None
    fetched_at: datetime
    expires_at: datetime | None
    renew_at: datetime | None


class About(NamedTuple):
    """What is known of an account beside its tokens."""

    title: str | None
    original_id: str | None
    code_digest: str


def find_account(tx: Connection, key: AccountKey) -> Row[Any] | None:
    """Return an account, authorised or not any more."""
    return tx.execute(select(authorised_accounts).where(_is(key))).one_or_none()


def find_redeemed(tx: Connection, channel: str, owner: str, code_digest: str) -> Row[Any] | None:
    """Return the account whose last code was this one."""
    table = authorised_accounts.c
    found = select(authorised_accounts).where(
        table.channel == channel, table.owner == owner, table.code_digest == code_digest
    )
    return tx.execute(found.limit(1)).one_or_none()


def list_accounts(
    tx: Connection, channel: str, owner: str, *, after: str = "", limit: int = 200
) -> Sequence[Row[Any]]:
    """Return everything about the accounts of a channel except their tokens, in the order of their ids."""
    table = authorised_accounts.c
    columns = [column for column in table if column.name not in SEALED_COLUMNS]
    found = select(*columns).where(table.channel == channel, table.owner == owner, table.account > after)
    return tx.execute(found.order_by(table.account).limit(limit)).all()


def save_authorisation(
    tx: Connection, key: AccountKey, tokens: SealedAccount, about: About, *, at: datetime
) -> bool:
    """Store what a new authorisation brought; False when it has ended since, or a later one is there."""
    fresh = {
        **tokens._asdict(),
        "title": None if about.title is None else storable(about.title, MAX_TITLE),
        "original_id": None if about.original_id is None else storable(about.original_id, MAX_ID),
        "code_digest": about.code_digest,
        "authorised_at": at,
        "ended_at": None,
        **NO_TROUBLE,
    }
    if insert_once(tx, authorised_accounts, key._asdict() | fresh | {"version": 1}):
        return True
    table = authorised_accounts.c
    changed = tx.execute(
        authorised_accounts.update()
        .where(
            _is(key),
            or_(table.ended_at.is_(None), table.ended_at <= at),
            or_(table.authorised_at.is_(None), table.authorised_at <= at),
        )
        .values(**fresh, version=table.version + 1)
    ).rowcount
    return bool(changed)


def end_authorisation(tx: Connection, key: AccountKey, *, at: datetime) -> bool:
    """Forget an account's tokens; False when it was authorised again since."""
    ended = {
        "access_token": None,
        "lasting_token": None,
        "expires_at": None,
        "renew_at": None,
        "ended_at": at,
    }
    ended |= NO_TROUBLE
    if insert_once(tx, authorised_accounts, key._asdict() | ended | {"version": 1}):
        return True
    table = authorised_accounts.c
    is_older = or_(table.authorised_at.is_(None), table.authorised_at <= at)
    changed = tx.execute(
        authorised_accounts.update()
        .where(_is(key), is_older, or_(table.ended_at.is_(None), table.ended_at <= at))
        .values(**ended, version=table.version + 1)
    ).rowcount
    return bool(changed)


def take_account_lease(
    tx: Connection, key: AccountKey, lease: FetchLease, *, now: datetime, until: datetime
) -> bool:
    """Take the right to renew, unless somebody holds it or newer tokens are there."""
    return take_fetch_lease(tx, authorised_accounts, _is(key), lease, now=now, until=until)


def replace_account_tokens(tx: Connection, key: AccountKey, tokens: SealedAccount, *, version: int) -> bool:
    """Write renewed tokens over that version; False when newer ones are there or the authorisation has ended."""
    changed = tx.execute(
        authorised_accounts.update()
        .where(_is(key), authorised_accounts.c.version == version)
        .values(**tokens._asdict(), **NO_TROUBLE, version=version + 1)
    ).rowcount
    return bool(changed)


def fail_account_lease(
    tx: Connection, key: AccountKey, lease: FetchLease, *, error: str, at: datetime, renew_at: datetime
) -> None:
    """Write why nothing was renewed and give the lease back; what is there stays."""
    trouble = {"last_error": storable(error, MAX_ERROR_LENGTH), "last_error_at": at, **NO_LEASE}
    tx.execute(
        authorised_accounts.update()
        .where(_is(key), is_held(authorised_accounts, lease))
        .values(renew_at=renew_at, **trouble)
    )


def forget_dead_tokens(tx: Connection, key: AccountKey, *, version: int, error: str, at: datetime) -> bool:
    """Forget tokens whose lasting one the platform refused; False when newer ones are there."""
    changed = tx.execute(
        authorised_accounts.update()
        .where(_is(key), authorised_accounts.c.version == version)
        .values(
            access_token=None,
            lasting_token=None,
            expires_at=None,
            renew_at=None,
            last_error=storable(error, MAX_ERROR_LENGTH),
            last_error_at=at,
            **NO_LEASE,
        )
    ).rowcount
    return bool(changed)


def list_sealed_accounts(tx: Connection, *, after: AccountKey, limit: int) -> Sequence[Row[Any]]:
    """Return keys, versions and sealed columns in the order of the keys, for key rotation."""
    table = authorised_accounts.c
    columns = (table.channel, table.owner, table.account)
    is_later = or_(
        table.channel > after.channel,
        and_(table.channel == after.channel, table.owner > after.owner),
        and_(table.channel == after.channel, table.owner == after.owner, table.account > after.account),
    )
    found = select(*columns, table.version, *(table[name] for name in SEALED_COLUMNS)).where(is_later)
    return tx.execute(found.order_by(*columns).limit(limit)).all()


def replace_sealed_account(
    tx: Connection, key: AccountKey, *, version: int, sealed: dict[str, bytes]
) -> None:
    """Write the same tokens sealed anew, unless newer ones (already sealed with the new key) are there."""
    tx.execute(
        authorised_accounts.update().where(_is(key), authorised_accounts.c.version == version).values(sealed)
    )


NO_TROUBLE = {"last_error": None, "last_error_at": None, **NO_LEASE}


def _is(key: AccountKey) -> ColumnElement[bool]:
    table = authorised_accounts.c
    return and_(table.channel == key.channel, table.owner == key.owner, table.account == key.account)
