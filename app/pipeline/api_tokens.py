"""Who asks: API tokens of the environment, of the channels file and of the database, proven, limited, made and revoked.

What a token may do is the same wherever it is kept. Texts of tokens are compared by digest or in constant time, and are
nowhere kept or told after they were made.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.config.api_tokens import (
    MOST_CHANNELS,
    MOST_PATTERNS,
    RELAY,
    SCOPES,
    ApiToken,
    PathPattern,
    checked_name,
    fault_of_limits,
    path_pattern,
)
from app.config.rates import checked_burst_rate, rules_of
from app.core.errors import RefusedError, RequestError, StoreUnavailable
from app.core.identifiers import new_id
from app.core.moments import as_text
from app.core.storable import is_storable
from app.pipeline.services import Services
from app.security.signatures import same_secret, sha256_hex
from app.storage.api_tokens import (
    StoredToken,
    add_api_token,
    find_api_token,
    find_api_token_by_digest,
    has_living_api_token,
    list_api_tokens,
    note_use,
    revoke_api_token,
)
from app.storage.audit import write_audit
from app.storage.console.people import list_console_people
from app.storage.database.db import Transaction

STORED_START = "cga_"
"""What a token of the database begins with; for any other text the store is not asked."""

SHOWN_LETTERS = 10
LONGEST_TOKEN = 256
USE_NOTED_EVERY = timedelta(minutes=1)
IN_CONFIGURATION, IN_DATABASE = "config/", "db/"

OWN_NAMES = frozenset({"admin", "terminal", "system", "anonymous", "callgate-watch"})
"""What the audit and messages call the gateway itself, and the console's first person."""

USER_ID = re.compile(r"[0-9a-f]{32}")
MOST_PEOPLE = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked with an API token, and what it may do. `id` changes with the token's text, so what hangs on it ends with it."""

    id: str
    name: str
    scopes: frozenset[str]
    channels: tuple[str, ...] = ()
    paths: tuple[PathPattern, ...] = ()
    rate: str = ""
    ends_at: datetime | None = None

    def require(self, scope: str) -> None:
        """Raise RefusedError 403 unless it has that scope."""
        if scope not in self.scopes:
            raise RefusedError(
                "missing_scope", f"This token lacks the scope {scope}; add it to the token's scopes."
            )

    def require_channel(self, channel: str) -> None:
        """Raise RefusedError 403 unless it may use that channel; a token without a list may use every one."""
        if self.channels and channel not in self.channels:
            raise RefusedError(
                "other_channel", "This token is for other channels; add this one to its channels."
            )


def find_caller(services: Services, given: str) -> Caller | None:
    """Return whose token a text is, None when it is nobody's, or has ended."""
    if not given or len(given) > LONGEST_TOKEN:
        return None
    found = None
    for token in services.api_tokens:
        if _is_text_of(token, given) and found is None:
            found = token
    if found is not None:
        return _of_configuration(found)
    return _of_database(services, given) if given.startswith(STORED_START) else None


def caller_of_id(services: Services, caller_id: str) -> Caller | None:
    """Return the caller of an id as it is now, None when its token has ended or its text was changed."""
    if caller_id.startswith(IN_DATABASE):
        with services.database.read() as tx:
            row = find_api_token(tx, caller_id.removeprefix(IN_DATABASE))
        if row is None or not row.works(services.clock.now()):
            return None
        _note_use(services, row)
        return _of_row(row)
    callers = map(_of_configuration, services.api_tokens)
    return next((caller for caller in callers if same_secret(caller.id, caller_id)), None)


def check_rate(services: Services, caller: Caller, what: str, *, usual: str) -> None:
    """Count one use against a caller's rate; raises RefusedError 429."""
    for rule in rules_of(caller.rate or usual):
        wait = services.rate_limits.hit_sliding(rule, what, caller.id)
        if wait is not None:
            message = "This API token has made too many calls; wait, or raise its rate."
            raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a new token is to be; `days` None: it does not end by itself."""

    name: str
    scopes: Sequence[str]
    channels: Sequence[str] = ()
    paths: Sequence[str] = ()
    rate: str = ""
    days: int | None = None


def create_api_token(services: Services, new: NewToken, *, actor: str) -> tuple[StoredToken, str]:
    """Make a token and return it with its text, which nobody can read again; raises RequestError with the cure."""
    limits = _checked_limits(services, new)
    text, now = STORED_START + secrets.token_urlsafe(32), services.clock.now()
    ends = None if new.days is None else now + timedelta(days=new.days)
    token = StoredToken(
        new_id(now), new.name, text[:SHOWN_LETTERS], sha256_hex(text.encode()), limits, now, ends
    )
    with services.database.begin() as tx:
        if has_living_api_token(tx, new.name, now):
            raise RequestError("bad_token", f"There is a token called {new.name} already; revoke it first.")
        if _is_somebodys(services, tx, new.name):
            raise RequestError("bad_token", f"The name {new.name} is somebody else's already; take another.")
        add_api_token(tx, token)
        write_audit(tx, at=now, actor=actor, action="api_token.create", target=new.name, detail=limits)
    return token, text


def _is_somebodys(services: Services, tx: Transaction, name: str) -> bool:
    """Say whether the audit, or an Idempotency-Key, would take a token of that name for somebody else."""
    asked = name.lower()
    taken = {token.name.lower() for token in services.api_tokens}
    taken |= {person.name.lower() for person in list_console_people(tx, limit=MOST_PEOPLE)}
    return asked in OWN_NAMES | taken or USER_ID.fullmatch(asked) is not None


def grant_api_token(services: Services, caller: Caller, new: NewToken) -> tuple[StoredToken, str]:
    """Make a token for somebody who asks with one: it may do no more than that one, and lasts no longer.

    Raises RefusedError 403 for more, RequestError as create_api_token does.
    """
    if beyond := sorted(set(new.scopes) - caller.scopes):
        raise _beyond(f"the scope {beyond[0][:32]}")
    if _unreadable(new) is None and not set(map(path_pattern, new.paths)) <= set(caller.paths):
        raise _beyond("every one of these paths, each as it is written there")
    if caller.rate and new.rate != caller.rate:
        raise _beyond(f"any rate but {caller.rate}; give that one")
    if caller.ends_at is not None:
        own_end = services.clock.now() + timedelta(days=new.days) if new.days else None
        if own_end is None or own_end > caller.ends_at:
            raise _beyond("so long a life; give days that end before it does")
    return create_api_token(services, new, actor=caller.name)


def _beyond(what: str) -> RefusedError:
    return RefusedError(
        "beyond_own_token", f"A token makes others that may do what it may itself; it lacks {what}."
    )


def stored_api_tokens(services: Services, *, limit: int = 200) -> Sequence[StoredToken]:
    """Return the tokens of the database, newest first."""
    with services.database.read() as tx:
        return list_api_tokens(tx, limit=limit)


def end_api_token(services: Services, wanted: str, *, actor: str) -> StoredToken:
    """Revoke the one token that is meant by its id, shown start or name; raises RequestError."""
    now = services.clock.now()
    living = [each for each in stored_api_tokens(services, limit=10_000) if each.works(now)]
    found = [each for each in living if wanted in (each.id, each.prefix, each.name)]
    if len(found) != 1:
        which = "more than one token" if found else "no token that works"
        raise RequestError(
            "bad_token", f"{which} is called {wanted!r}; `flask api-tokens list` shows their ids."
        )
    with services.database.begin() as tx:
        revoke_api_token(tx, found[0].id, now)
        write_audit(tx, at=now, actor=actor, action="api_token.revoke", target=found[0].name)
    return found[0]


def end_api_token_of_id(services: Services, token_id: str, *, actor: str) -> bool:
    """Revoke the token of an id, audited; False where none of that id works."""
    now = services.clock.now()
    with services.database.begin() as tx:
        found = find_api_token(tx, token_id) if is_storable(token_id, 32) else None
        if found is None or not found.works(now):
            return False
        revoke_api_token(tx, found.id, now)
        write_audit(tx, at=now, actor=actor, action="api_token.revoke", target=found.name)
    return True


def _checked_limits(services: Services, new: NewToken) -> dict[str, Any]:
    """Return what a new token may do as it is stored; raises RequestError with what is wrong."""
    if fault := _unreadable(new) or _impossible(services, new):
        raise RequestError("bad_token", f"{fault[0].upper()}{fault[1:]}.")
    return {
        "scopes": sorted(set(new.scopes)),
        "channels": list(new.channels),
        "paths": list(new.paths),
        "rate": new.rate,
    }


def _unreadable(new: NewToken) -> str | None:
    """Say what of a new token cannot be read."""
    try:
        checked_name(new.name)
        for path in new.paths:
            path_pattern(path)
        if new.rate:
            checked_burst_rate(new.rate)
    except ValueError as error:
        return str(error)
    return None


def _impossible(services: Services, new: NewToken) -> str | None:
    """Say what of a new token does not go together, or with this gateway."""
    scopes = frozenset(new.scopes)
    missing = [name for name in new.channels if not services.channels.is_configured(name)]
    if not scopes or scopes - SCOPES:
        return f"name one scope or several of {', '.join(sorted(SCOPES))}"
    if missing:
        return f"there is no channel {missing[0]!r} in the channels file"
    if RELAY in scopes and not new.paths:
        return "the scope relay needs paths, such as --path '/cgi-bin/user/*'"
    if len(new.paths) > MOST_PATTERNS or len(new.channels) > MOST_CHANNELS:
        return f"{MOST_PATTERNS} paths and {MOST_CHANNELS} channels are the most"
    return fault_of_limits(scopes, channels=new.channels, paths=new.paths)


def token_view(services: Services, token: StoredToken) -> dict[str, Any]:
    """Return a token as it is shown; its text is nowhere."""
    state = "revoked" if token.revoked_at is not None else "expired"
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "state": "works" if token.works(services.clock.now()) else state,
        "scopes": token.limits["scopes"],
        "channels": token.limits["channels"],
        "paths": token.limits["paths"],
        "rate": token.limits["rate"],
        "created_at": as_text(token.created_at),
        "expires_at": as_text(token.expires_at),
        "revoked_at": as_text(token.revoked_at),
        "last_used_at": as_text(token.last_used_at),
    }


def unknown_channels(tokens: Sequence[ApiToken], is_configured: Any) -> list[str]:
    """Return a sentence for each channel that a token names and the file has not."""
    return [
        f"[[api_tokens]] {token.name!r}: there is no channel {name!r}."
        for token in tokens
        for name in token.channels
        if not is_configured(name)
    ]


def _is_text_of(token: ApiToken, given: str) -> bool:
    if token.token_sha256:
        return same_secret(sha256_hex(given.encode("utf-8", "surrogatepass")), token.token_sha256)
    return same_secret(given, token.token)


def _of_configuration(token: ApiToken) -> Caller:
    digest = token.token_sha256 or sha256_hex(token.token.encode())
    return Caller(
        id=IN_CONFIGURATION + sha256_hex(b"caller", digest.encode())[:32],
        name=token.name,
        scopes=token.scopes,
        channels=token.channels,
        paths=tuple(map(path_pattern, token.paths)),
        rate=token.rate,
    )


def _of_database(services: Services, given: str) -> Caller | None:
    digest, now = sha256_hex(given.encode("utf-8", "surrogatepass")), services.clock.now()
    with services.database.read() as tx:
        row = find_api_token_by_digest(tx, digest)
    if row is None or not row.works(now):
        return None
    _note_use(services, row)
    return _of_row(row)


def _of_row(row: StoredToken) -> Caller:
    limits = row.limits
    return Caller(
        id=f"{IN_DATABASE}{row.id}",
        name=row.name,
        scopes=frozenset(limits["scopes"]),
        channels=tuple(limits["channels"]),
        paths=tuple(map(path_pattern, limits["paths"])),
        rate=limits["rate"],
        ends_at=row.expires_at,
    )


def _note_use(services: Services, row: StoredToken) -> None:
    """Write the last use, once a minute at most over all processes; a store that takes nothing now loses only that."""
    now = services.clock.now()
    before = now - USE_NOTED_EVERY
    if row.last_used_at is not None and row.last_used_at > before:
        return
    try:
        services.database.run(lambda tx: note_use(tx, row.id, now=now, unless_since=before))
    except StoreUnavailable:
        log.warning("token_use_not_noted", caller=row.name)
