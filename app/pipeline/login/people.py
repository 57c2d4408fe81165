"""What a platform says about a person, made safe to store, and joined with what is known already.

E-mail addresses never join anybody: merging accounts on a platform's word is how accounts get taken over. A union id is
only recorded, except between the channels of one login group, where an operator wrote that they are one login; even
there two users that exist are never merged. A person joins identities from inside a session (pipeline/login/linking.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.errors import LoginError, RefusedError, UpstreamError
from app.core.identifiers import new_id
from app.core.values import JSON, Identity
from app.security.signatures import sha256_hex
from app.storage.database.db import Transaction
from app.storage.login.identities import (
    MAX_AVATAR_URL,
    MAX_ISSUER,
    MAX_NAME,
    MAX_SUBJECT,
    MAX_SUBJECT_KIND,
    StoredIdentity,
    find_identity_of,
    find_user_of_union,
    insert_identity_once,
    record_login,
)
from app.storage.login.users import delete_user, insert_user, lock_enabled_user, wait_for_word

MAX_PROFILE = 16_384
WORD_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Remembered:
    """The identity of somebody who logged in, and whether their user was made just now."""

    stored: StoredIdentity
    is_new_user: bool


def checked_identity(said: Identity) -> Identity:
    """Return an identity that fits the store; raises UpstreamError when nobody is named without doubt."""
    key = ((said.issuer, MAX_ISSUER), (said.subject_kind, MAX_SUBJECT_KIND), (said.subject, MAX_SUBJECT))
    if not all(_is_storable(text, longest) for text, longest in key):
        raise UpstreamError("upstream_bad_identity", "The platform did not say clearly who logged in.")
    union_id = said.union_id if _is_storable(said.union_id, MAX_SUBJECT) else None
    return replace(
        said,
        union_id=union_id,
        name=_shown_name(said.name),
        avatar_url=_shown_avatar(said.avatar_url),
        profile=_bounded_profile(said.profile),
    )


def remember_person(
    tx: Transaction, *, channel: str, known: Identity, now: datetime, partners: Sequence[str] = ()
) -> Remembered:
    """Return the identity of somebody who logs in, with a new user when they are here for the first time.

    `partners` are the channels between which one union id is one user (pipeline/login/groups.py).
    Raises LoginError 403 for somebody an operator has disabled; their row is held, so that disabling waits or is seen.
    """
    stored, is_new_user = find_identity_of(tx, known), False
    if stored is None:
        same = _user_of_union(tx, known, partners, now)
        stored, is_new_user = (
            _insert_with_new_user(tx, channel=channel, known=known, now=now)
            if same is None
            else (_insert(tx, channel=channel, known=known, user_id=same, now=now), False)
        )
    if not lock_enabled_user(tx, stored.user_id):
        raise person_disabled()
    record_login(tx, stored.id, channel, known, now)
    return Remembered(stored, is_new_user)


def attach_identity(
    tx: Transaction, *, channel: str, known: Identity, user_id: str, now: datetime
) -> StoredIdentity:
    """Return the identity as one of this user's; raises RefusedError 409 when it is somebody else's."""
    stored = find_identity_of(tx, known) or _insert(
        tx, channel=channel, known=known, user_id=user_id, now=now
    )
    if stored.user_id != user_id:
        raise RefusedError(
            "identity_taken",
            "This account belongs to another user here; log in with it and unlink it there first.",
            http_status=409,
        )
    record_login(tx, stored.id, channel, known, now)
    return stored


def person_disabled() -> LoginError:
    """Return the error for somebody whom an operator lets log in no more."""
    message = "Your account is disabled here; ask the people who run this site."
    return LoginError("person_disabled", message, http_status=403)


def _user_of_union(tx: Transaction, known: Identity, partners: Sequence[str], now: datetime) -> str | None:
    """Return the user that the group's other channels know by this union id, None when there is none.

    Two first logins of one person, on a phone and on a desktop, wait for each other here: else each made a user.
    """
    if known.union_id is None or not partners:
        return None
    wait_for_word(tx, sha256_hex("\x00".join((*partners, known.union_id)).encode())[:WORD_DIGITS], now)
    return find_user_of_union(tx, known.union_id, partners)


def _insert_with_new_user(
    tx: Transaction, *, channel: str, known: Identity, now: datetime
) -> tuple[StoredIdentity, bool]:
    """Return the identity, and whether the new user is the one it has."""
    user_id = new_id(now)
    insert_user(tx, user_id, now)
    stored = _insert(tx, channel=channel, known=known, user_id=user_id, now=now)
    if stored.user_id != user_id:
        # The same person's other browser was faster.
        delete_user(tx, user_id)
    return stored, stored.user_id == user_id


def _insert(tx: Transaction, *, channel: str, known: Identity, user_id: str, now: datetime) -> StoredIdentity:
    new = StoredIdentity(new_id(now), user_id, channel, known, now, now)
    if insert_identity_once(tx, new):
        return new
    stored = find_identity_of(tx, known)
    if stored is None:
        raise LookupError("an identity is taken, but nobody holds it")
    return stored


def _is_storable(text: object, longest: int) -> bool:
    """Say whether this is text that every database keeps exactly; NUL and lone surrogates are not."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= longest
        and "\x00" not in text
        and not any("\ud800" <= char <= "\udfff" for char in text)
    )


def _shown_name(name: object) -> str | None:
    if not isinstance(name, str):
        return None
    printable = "".join(char for char in name if char.isprintable())[:MAX_NAME].strip()
    return printable or None


def _shown_avatar(address: object) -> str | None:
    if not _is_storable(address, MAX_AVATAR_URL):
        return None
    text = str(address)
    return text if text.startswith(("https://", "http://")) and text.isprintable() else None


def _bounded_profile(profile: JSON) -> JSON:
    try:
        size = len(json.dumps(dict(profile)))
    except (TypeError, ValueError, RecursionError):
        return {}
    return profile if size <= MAX_PROFILE else {}
