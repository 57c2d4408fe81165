"""Who may use the console: signing in by password or with a platform account, and what a session proves on each request.

A session is good while its row is there, it was used lately, and what it was proven with is still the same: another
password, an account that left CONSOLE_ADMINS, an identity that was taken away or a person who was disabled end it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from app.config.console_admins import ConsoleAdmin
from app.core.errors import RefusedError
from app.core.identifiers import new_id, random_word
from app.core.moments import as_text
from app.core.roles import Role
from app.pipeline.bans import WRONG_TOKEN, note_refused
from app.pipeline.login.sessions import SignedIn
from app.pipeline.operators.console_people import BY_PASSWORD, FIRST_PERSON, find_stored
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.security.passwords import is_password
from app.security.signatures import same_secret, sha256_hex
from app.storage.audit import ANONYMOUS, write_audit
from app.storage.console.people import find_console_person
from app.storage.console.sessions import (
    ConsoleSession,
    delete_console_session,
    delete_console_sessions_of,
    find_console_session,
    insert_console_session,
    list_console_sessions,
    touch_console_session,
)
from app.storage.database.db import Transaction
from app.storage.login.identities import StoredIdentity, find_identity
from app.storage.login.users import find_disabled

BY_PLATFORM = "platform"
TOKEN_BITS = 256
IDLE = timedelta(hours=12)
"""A session that is not used for so long ends."""

NOTED_EVERY = timedelta(minutes=1)
TRIES_PER_ADDRESS = "10 per minute"
TRIES_PER_NAME = "30 per 15 minute"
"""Of one name from all addresses: a crowd of addresses guesses no faster."""

MOST_SESSIONS = 200
LONGEST_NAME = 64
LONGEST_PASSWORD = 256

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who uses the console, as this request proved it."""

    session: ConsoleSession
    name: str
    """How people call them, and who the audit says did something."""
    role: Role

    @property
    def owner(self) -> str:
        """Whose the saved views are."""
        return f"{self.session.kind}:{self.session.who}"


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a sign-in came from."""

    remote_addr: str
    agent: str


def sign_in_by_password(services: Services, name: str, password: str, browser: Browser) -> str:
    """Open a session and return its secret for the browser; raises RefusedError 401, or 429 after too many tries."""
    _check_tries(services, name, browser)
    proof = _proof_of_password(services, name, password)
    if proof is None:
        _note_refused(services, browser)
        raise RefusedError("wrong_password", "Name and password do not belong together.", http_status=401)
    return _open(services, BY_PASSWORD, name, proof, browser)


def sign_in_by_platform(services: Services, signed_in: SignedIn, browser: Browser) -> str:
    """Open a session for somebody who is logged in with an account of CONSOLE_ADMINS; raises RefusedError 403 otherwise."""
    with services.database.read() as tx:
        identity = find_identity(tx, signed_in.session.identity_id)
    admin = _admin_of(services, identity)
    if identity is None or admin is None:
        message = "This account may not use the console. Whoever runs the gateway adds it to CONSOLE_ADMINS, as channel:subject:role."
        raise RefusedError("not_an_operator", message)
    return _open(services, BY_PLATFORM, identity.id, _proof_of_account(admin), browser)


def prove_again(services: Services, operator: Operator, password: str, browser: Browser) -> str:
    """Open another session for somebody who gives their password once more; raises RefusedError as signing in does."""
    return sign_in_by_password(services, operator.session.who, password, browser)


def find_operator(services: Services, secret: str) -> Operator | None:
    """Return who has this session, None when it is not good (any more)."""
    now = services.clock.now()
    with services.database.read() as tx:
        session = find_console_session(tx, sha256_hex(secret.encode()), now=now, seen_after=now - IDLE)
        found = None if session is None else _operator(services, tx, session)
    if session is not None and found is not None and now - session.last_seen_at > NOTED_EVERY:
        services.database.run(lambda tx: touch_console_session(tx, session.id, now))
    return found


def sign_out(services: Services, operator: Operator) -> None:
    """End the session at hand."""
    end_console_session(services, operator.session.id, actor=operator.name)


def end_console_session(services: Services, session_id: str, *, actor: str) -> None:
    """End one session; raises RefusedError 404 when there is none of that id."""
    now = services.clock.now()
    with services.database.begin() as tx:
        if not delete_console_session(tx, session_id):
            raise RefusedError("unknown_session", "This session has ended already.", http_status=404)
        write_audit(tx, at=now, actor=actor, action="console.session_ended", target=session_id)


def end_other_console_sessions(services: Services, operator: Operator) -> int:
    """End all sessions of this operator but the one at hand; return how many."""
    session, now = operator.session, services.clock.now()
    with services.database.begin() as tx:
        ended = delete_console_sessions_of(tx, session.kind, session.who, except_id=session.id)
        write_audit(
            tx,
            at=now,
            actor=operator.name,
            action="console.other_sessions_ended",
            target=operator.name,
            detail={"ended": ended},
        )
    return ended


def console_sessions_view(services: Services) -> list[dict[str, Any]]:
    """Return the sessions that are good, with whose they are; the one used last comes first."""
    now = services.clock.now()
    with services.database.read() as tx:
        found = list_console_sessions(tx, now=now, seen_after=now - IDLE, limit=MOST_SESSIONS)
        owners = [(each, _operator(services, tx, each)) for each in found]
    return [
        {
            "id": session.id,
            "name": owner.name,
            "role": owner.role.value,
            "by": session.kind,
            "created_at": as_text(session.created_at),
            "last_seen_at": as_text(session.last_seen_at),
            "expires_at": as_text(session.expires_at),
            "remote_addr": session.remote_addr,
            "agent": session.agent,
        }
        for session, owner in owners
        if owner is not None
    ]


def _check_tries(services: Services, name: str, browser: Browser) -> None:
    group, limits = address_group(browser.remote_addr), services.rate_limits
    waits = (
        limits.hit(TRIES_PER_ADDRESS, "console_address", group),
        limits.hit(TRIES_PER_NAME, "console_name", sha256_hex(name.encode("utf-8", "replace"))),
    )
    if any(waits):
        wait = max(each or 0 for each in waits)
        message = "Too many tries to sign in; wait before the next one."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)


def _note_refused(services: Services, browser: Browser) -> None:
    now = services.clock.now()
    note_refused(services, browser.remote_addr, reason=WRONG_TOKEN)
    log.warning("console_sign_in_refused", address=browser.remote_addr)
    with services.database.begin() as tx:
        # The name is not kept: people type their password there by mistake.
        write_audit(
            tx, at=now, actor=ANONYMOUS, action="console.sign_in", target="", outcome="wrong_password"
        )


def _open(services: Services, kind: str, who: str, proof: str, browser: Browser) -> str:
    now, secret = services.clock.now(), random_word(TOKEN_BITS)
    session = ConsoleSession(
        id=new_id(now),
        digest=sha256_hex(secret.encode()),
        kind=kind,
        who=who,
        proof=proof,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(seconds=services.settings.session_max_age),
        remote_addr=browser.remote_addr,
        agent=browser.agent,
    )
    with services.database.begin() as tx:
        insert_console_session(tx, session)
        owner = _operator(services, tx, session)
        name = who if owner is None else owner.name
        write_audit(tx, at=now, actor=name, action="console.sign_in", target=session.id)
    return secret


def _proof_of_password(services: Services, name: str, password: str) -> str | None:
    """Return what a right password proves, None for a wrong one; nobody takes as long as somebody."""
    if len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
        return None
    if name == FIRST_PERSON and services.settings.admin_password:
        first = services.settings.admin_password
        is_right = same_secret(sha256_hex(password.encode("utf-8", "replace")), sha256_hex(first.encode()))
        return _proof_of_first(services) if is_right else None
    person = find_stored(services, name)
    kept = None if person is None else person.password_hash
    return sha256_hex(kept.encode()) if is_password(password, kept) and kept is not None else None


def _proof_of_first(services: Services) -> str:
    return sha256_hex(f"first {services.settings.secret_key[0]} {services.settings.admin_password}".encode())


def _proof_of_account(admin: ConsoleAdmin) -> str:
    return sha256_hex(f"{admin.channel}:{admin.subject}".encode())


def _operator(services: Services, tx: Transaction, session: ConsoleSession) -> Operator | None:
    """Return whose a session is and their role now; None when what it was proven with is no longer the same."""
    if session.kind == BY_PLATFORM:
        identity = find_identity(tx, session.who)
        admin = _admin_of(services, identity)
        if identity is None or admin is None or find_disabled(tx, {identity.user_id}):
            return None
        name, role, proof = f"{admin.channel}:{admin.subject}", admin.role, _proof_of_account(admin)
    elif session.who == FIRST_PERSON:
        if not services.settings.admin_password:
            return None
        name, role, proof = FIRST_PERSON, Role.ADMIN, _proof_of_first(services)
    else:
        person = find_console_person(tx, session.who)
        if person is None:
            return None
        name, role, proof = person.name, person.role, sha256_hex(person.password_hash.encode())
    return Operator(session, name, role) if same_secret(proof, session.proof) else None


def _admin_of(services: Services, identity: StoredIdentity | None) -> ConsoleAdmin | None:
    """Return the entry of CONSOLE_ADMINS for an account, the one with the highest role where there are several."""
    if identity is None:
        return None
    own = [
        each
        for each in services.settings.console_admins
        if (each.channel, each.subject) == (identity.channel, identity.known.subject)
    ]
    return max(own, key=lambda each: list(Role).index(each.role), default=None)
